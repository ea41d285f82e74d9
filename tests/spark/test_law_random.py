"""The law, on random histories: the tables are what the set of versions seen says, nothing else.

A history is a random partition of object versions into runs, in random order: keys again with a new
content and with an old one (A, B, A), equal times, late older files, objects that go, songs after
their plays, better matches later, one key twice in a file and across files; runs that read all of
it again, and runs that die at a random act. What the tables
say is compared with a plain model (tests/spark/model.py) of the versions that the ledger names.

LAKEHOUSE_SEED tries other histories than those of every run; LAKEHOUSE_EXAMPLES, more of them.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from spark import manifest, stage
from spark.delta import Bronze
from spark.tables import TABLES
from tests.spark import engines, model, worlds
from tests.spark.lakes import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.core

SEED = int(os.environ.get("LAKEHOUSE_SEED", "20181102"))
ON_SAIL = engines.at_hand() == engines.SAIL
EXAMPLES = int(os.environ.get("LAKEHOUSE_EXAMPLES", "3" if ON_SAIL else "2"))
STEPS = 3 if ON_SAIL else 2
ACTS = (
    (stage, "write"),
    (manifest, "write"),
    (manifest, "remove"),
    (Bronze, "append"),
    (Bronze, "merge"),
)


class DeadError(BaseException):
    """Stands for the death of the driver: no handler of the job may catch it."""


@contextmanager
def dying(at: int | None) -> Iterator[None]:
    """Let the job die at its `at`th act: an odd number dies before an act, an even one after it."""
    done = 0
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ACTS:
            real = getattr(owner, name)

            def act(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
                nonlocal done
                for moment in ("before", "after"):
                    done += 1
                    if done == at:
                        raise DeadError(moment)
                    if moment == "before":
                        answer = _real(*args, **kwargs)
                return answer

            patch.setattr(owner, name, act)
        try:
            yield
        except DeadError:
            return


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # The first example is always the plainest, in which nothing lands; the others are at random.
    # An example is a history of many worlds: what failed is found by its keys, not by shrinking.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(history=worlds.histories(worlds=12, steps=STEPS))
def test_tables_follow_from_the_versions_seen(engine: Any, history: worlds.History) -> None:
    """After any history the tables say what the model says of the versions that were seen."""
    print(f"LAKEHOUSE_SEED={SEED}")  # noqa: T201 # pytest shows it where the test fails
    lake = Lake(engine)
    ever: dict[tuple[str, str, int], model.Version] = {}
    for step in history.steps:
        lake.storage.delete([f"{lake.landing}/{key}" for key in sorted(step.goes)])
        for version in step.lands:
            lake.put(version.key, version.body, modified=version.modified)
            ever[f"landing/{version.key}", version.etag, version.modified * 1_000_000] = version
        again = {"task": "reprocess", "reprocess": "2000-01-01"} if step.reads_again else {}
        with dying(step.dies_at):
            lake.run(max_files=40, max_quarantined_fraction=1, **again)
    lake.run(max_quarantined_fraction=1)
    said = lake.says(TABLES)
    seen = {
        (row["source_path"], row["source_etag"], row["source_modified"])
        for row in said["ingested_files"]
    }
    there = {
        (f"landing/{found.path.removeprefix(f'{lake.landing}/')}", found.etag, found.modified)
        for found in lake.storage.list(f"{lake.landing}/")
    }
    assert {(path, etag, int(when.timestamp()) * 1_000_000) for path, etag, when in there} <= seen
    assert model.differences(said, model.tables({ever[version] for version in seen})) == {}
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
