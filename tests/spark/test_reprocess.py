"""Reading again by a newer contract: rows follow it, good records leave the quarantine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark import apply, ledger
from spark.contract import CONTRACT_VERSION
from spark.delta import Bronze
from spark.job import main
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS, TABLES
from tests.spark.other_contract import NEWER, newer_contract

OWN = {"source_modified", "run_id", "batch", "ingested_at", "quarantined_at", "attempts"}


class KilledError(BaseException):
    """Stands for the death of the driver."""


def land(lake: Any, make_song: Any, make_play: Any) -> None:
    """A song; a log with records that only the newer contract takes or none; a clean log."""
    lake.put("song-data/1.json", [make_song(1)])
    mixed = [json.dumps(make_play(n)) for n in (1, 2)]
    mixed += [json.dumps(make_play(3, ts=99)), "broken", "broken"]
    lake.put("log-data/a.json", "\n".join(mixed))
    lake.put("log-data/b.json", [make_play(4)])


def said(lake: Any) -> dict[str, str]:
    """What every table says, but for the run that wrote it."""
    return {
        table.name: repr(
            [
                {name: value for name, value in row.asDict().items() if name not in OWN}
                for row in lake.rows(table)
            ]
        ).replace(lake.landing, "landing")
        for table in TABLES
    }


@pytest.fixture(scope="module")
def by_the_newer(engine: Any, make_lake: Any, make_song: Any, make_play: Any) -> dict[str, str]:
    """What the tables say when the newer contract was there from the beginning."""
    lake = make_lake(engine)
    land(lake, make_song, make_play)
    with newer_contract():
        lake.run()
    return said(lake)


def test_requeue_and_reprocess_bring_the_tables_to_the_newer_contract(
    lake: Any, make_song: Any, make_play: Any, by_the_newer: dict[str, str]
) -> None:
    """First only what is in quarantine, then the rest: in the end as if the older never was."""
    land(lake, make_song, make_play)
    lake.run()
    assert len(lake.rows(QUARANTINED_RECORDS)) == 2
    with newer_contract():
        requeued = lake.run(task="reprocess", requeue="true")
        assert (requeued["files"]["new"], requeued["records"]["read"]) == (1, 5)
        assert [row["raw"] for row in lake.rows(QUARANTINED_RECORDS)] == ["broken"]
        levels = {row["item_in_session"]: row["level"] for row in lake.rows(SONGPLAYS)}
        assert levels == {1: "PUT", 2: "PUT", 3: "PUT", 4: "free"}
        entries = {row["source_path"][-6:]: row for row in lake.rows(INGESTED_FILES)}
        entry = entries["a.json"]
        assert (entry["kept"], entry["quarantined"], entry["contract_version"]) == (3, 2, NEWER)
        assert entries["b.json"]["contract_version"] == CONTRACT_VERSION
        assert lake.run(task="reprocess", requeue="true")["files"]["new"] == 0
        assert lake.run(task="reprocess", reprocess="2100-01-01")["files"]["new"] == 0
        again = lake.run(task="reprocess", reprocess=f"{lake.landing}/")
    assert (again["files"]["new"], again["files"]["ingested"]) == (3, 3)
    assert said(lake) == by_the_newer


DEATHS: tuple[tuple[Any, str], ...] = (
    (Bronze, "merge"),
    (apply, "keep"),
    (apply, "_songplays"),
    (apply, "release"),
    (ledger, "record"),
)
"""After each of these a run dies, on the way of one and the same batch."""


def test_a_reprocess_that_died_is_finished_by_later_ingests(
    lake: Any, make_song: Any, make_play: Any, by_the_newer: dict[str, str]
) -> None:
    """However often they die: the manifest says what the batch is, no task takes it for new."""
    land(lake, make_song, make_play)
    lake.run()
    again: dict[str, str] = {"task": "reprocess", "reprocess": "2000-01-01T00:00:00Z"}
    with newer_contract():
        for owner, name in DEATHS:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner, name, dying_after(getattr(owner, name)))
                with pytest.raises(KilledError):
                    lake.run(**again)
            again = {}
        report = lake.run()
    assert report["finished_runs"] == ["run-2"]
    assert report["files"]["new"] == 0
    assert said(lake) == by_the_newer


def dying_after(real: Any) -> Any:
    """The function, with the death of the driver after its first call."""

    def deadly(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        raise KilledError

    return deadly


def test_what_cannot_be_read_again_keeps_its_rows_and_its_entry(lake: Any, make_play: Any) -> None:
    """A version of the tables does not become a failed one because of a second reading."""
    path = lake.put("log-data/1.json", [make_play(n) for n in range(9)])
    lake.run()
    before = said(lake)
    report = lake.run(task="reprocess", reprocess="log-data/", max_object_bytes=10)
    assert list(report["unread"]) == [path]
    assert said(lake) == before


def test_a_prefix_without_input_is_said(lake: Any, capsys: Any) -> None:
    """A typing error does not end well without having read anything."""
    zones = [f"--{name}={getattr(lake, name)}" for name in ("landing", "bronze", "processing")]
    task = ["--task", "reprocess", "--reprocess", "log-date/"]
    assert main(["--run_id", "r", *zones, *task]) == 1
    assert "No input lies under" in capsys.readouterr().err
