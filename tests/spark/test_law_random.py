"""The law, on random histories: the tables are what the set of versions seen says, nothing else.

A history is a random partition of object versions into runs, in random order: keys again with a new
content and with an old one (A, B, A), equal times, late older files, objects that go, songs after
their plays, better matches later, one key twice in a file and across files; objects that are held
and accepted later, gzips that are cut and land whole later; runs that read all of it again, and
runs that die at a random act or when all that is left is to give the lease back. What the tables
say is compared with a plain model (tests/spark/model.py) of the versions that the ledger names.

LAKEHOUSE_SEED tries other histories than those of every run; LAKEHOUSE_EXAMPLES, more of them.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from spark import glue_runs, manifest, stage
from spark.delta import Bronze
from spark.lease import Lease
from spark.tables import INGESTED_FILES, TABLES
from tests.spark import engines, model, worlds
from tests.spark.lakes import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.core

SEED = int(os.environ.get("LAKEHOUSE_SEED", "20181102"))
ON_SAIL = engines.at_hand() == engines.SAIL
EXAMPLES = int(os.environ.get("LAKEHOUSE_EXAMPLES", "2" if ON_SAIL else "1"))
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
    """Let the job die at its `at`th act: an odd number dies before an act, an even one after it.

    The dead do nothing more, so the lease stays; as in Glue, the next run learns that its holder
    has ended.
    """
    done = 0

    def count(moment: str) -> None:
        nonlocal done
        done += 1
        if at and done >= at:
            raise DeadError(moment)

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ACTS:
            real = getattr(owner, name)

            def act(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
                count("before")
                answer = _real(*args, **kwargs)
                count("after")
                return answer

            patch.setattr(owner, name, act)
        give_back = Lease.release

        def release(self: Lease) -> None:
            if at == worlds.WITH_THE_LEASE or (at and done >= at):
                raise DeadError("with the lease")
            give_back(self)

        patch.setattr(Lease, "release", release)
        patch.setattr(glue_runs, "has_ended", lambda _: True)
        try:
            yield
        except DeadError:
            return


Key = tuple[str, str, int]
"""Path, etag, modified (µs since 1970)."""


class Holding:
    """Which versions have to be held, and which cannot be, by what was accepted and when."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.named: set[str] = set()
        """Paths that any run accepted: what of them is held depends on where the run died."""
        self.accepted: set[Key] = set()
        """Held versions that a run accepted, which then came to its end."""

    def keys(self, status: str = "true") -> set[Key]:
        """The versions in the ledger."""
        rows = (
            self.lake.read(INGESTED_FILES)
            .where(status)
            .selectExpr("source_path", "source_etag", "unix_micros(source_modified)")
        )
        landing = self.lake.landing
        return {(path.replace(landing, "landing"), *more) for path, *more in rows.collect()}

    def there(self) -> set[Key]:
        """The versions in the landing zone."""
        landing = self.lake.landing
        return {
            (v.path.replace(landing, "landing"), v.etag, int(v.modified.timestamp()) * 1_000_000)
            for v in self.lake.storage.list(f"{landing}/")
        }

    def check(self, held: set[Key], too_bad: set[Key]) -> None:
        """Too bad versions are held unless they were accepted, and no others are."""
        assert held <= too_bad
        assert held.isdisjoint(self.accepted)
        assert {key for key in too_bad if key[0] not in self.named} <= held


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # An example is a history of many worlds: what failed is found by its keys, not by shrinking.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
# The plainest example, in which nothing lands, always comes first: it would only cost time.
@given(history=worlds.histories(worlds=12, steps=STEPS).filter(worlds.History.has_any))
def test_tables_follow_from_the_versions_seen(engine: Any, history: worlds.History) -> None:
    """After any history the tables say what the model says of the versions that were seen.

    Whatever is held is known beforehand, but for versions that a run accepted which then died.
    """
    print(f"LAKEHOUSE_SEED={SEED}")  # noqa: T201 # pytest shows it where the test fails
    lake = Lake(engine)
    holding = Holding(lake)
    ever: dict[Key, model.Version] = {}
    began = False
    for step in history.steps:
        lake.storage.delete([f"{lake.landing}/{key}" for key in sorted(step.goes)])
        for version in step.lands:
            lake.put(version.key, version.body, modified=version.modified)
            ever[f"landing/{version.key}", version.etag, version.modified * 1_000_000] = version
        options: dict[str, object] = {"max_files": 40}
        if step.reads_again:
            options |= {"task": "reprocess", "reprocess": "2000-01-01"}
        held = holding.keys("status = 'held'") if step.accepts and began else set()
        if held:
            paths = sorted({path for path, _, _ in held})
            holding.named |= {*paths}
            options["accept"] = json.dumps([p.replace("landing", lake.landing, 1) for p in paths])
        ended = step.dies_at == worlds.WITH_THE_LEASE
        with dying(step.dies_at):
            lake.run(**options)
            ended = True
        if ended:
            holding.accepted |= held & holding.there()
        began = began or lake.bronze_zone().exists(INGESTED_FILES)
    with dying(None):
        lake.run()
    said = lake.says(TABLES)
    seen = holding.keys()
    assert holding.there() <= seen
    held = holding.keys("status = 'held'")
    holding.check(held, {key for key in seen if ever[key].is_too_bad})
    expected = model.tables({ever[key] for key in seen}, {ever[key] for key in held})
    assert model.differences(said, expected) == {}
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert list(lake.storage.list(f"{lake.bronze}/_lease/")) == []
