"""The maintain task: fewer files, the same rows, and nothing that a reader still needs is gone."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pytest

from spark import manifest, retention
from spark.errors import CareError
from spark.job import main
from spark.lease import Lease, Writer
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS, TABLES

if TYPE_CHECKING:
    from datetime import tzinfo

NOW = {"retention_hours": 0, "allow_short_retention": "true"}
RUNS = 3
PERSONAL = ("Zoë", "O'Hara", "Mozilla", "Lansing")
"""Values of the records, which no log may show."""


@pytest.fixture
def fragmented(lake: Any, make_song: Any, make_play: Any) -> Any:
    """A lake after several small runs, in two months, with something in every table."""
    month = 30 * 24 * 3600 * 1000
    for number in range(RUNS):
        lake.put(f"song-data/{number}.json", [make_song(number), make_song(number + 10)])
        late = make_play(number)
        plays = [make_play(number + 10), {**late, "ts": late["ts"] + month}, {"page": "NextSong"}]
        lake.put(f"log-data/{number}.json", plays)
        lake.run()
    return lake


def test_maintenance_leaves_fewer_files_and_the_same_tables(fragmented: Any, capsys: Any) -> None:
    """A file per partition is left, every row says what it said, and the log shows none of it.

    What readers may need stays for the retention; after it, nothing else is left in S3, not even
    what a writer that died had left there. Doing it again changes nothing.
    """
    lake = fragmented
    lake.put_in_bronze("songplays/year=2018/month=11/aborted.parquet", b"a write that never ended")
    before = lake.content(TABLES)
    kept = lake.run(task="maintain")
    assert (kept["task"], kept["retention_hours"]) == ("maintain", 168)
    assert lake.content(TABLES) == before
    report = lake.run(task="maintain", **NOW)
    for table in TABLES:
        partitions = 2 if table is SONGPLAYS else 1
        first, second = kept["tables"][table.name], report["tables"][table.name]
        # A MERGE may itself have put the files of a table together that it updates.
        were = first["before"]["files"]
        assert were >= partitions == first["after"]["files"], table.name
        assert were > partitions or table not in {SONGPLAYS, INGESTED_FILES}
        new = partitions if were > partitions else 0
        assert first["after"]["stored_files"] == first["before"]["stored_files"] + new
        assert first["before"]["stored_files"] >= RUNS
        assert second["before"] == first["after"]
        after = second["after"]
        assert after["files"] == after["stored_files"] == partitions
        assert 0 < after["bytes"] == after["stored_bytes"] < first["before"]["stored_bytes"]
    assert lake.content(TABLES) == before
    again = lake.run(task="maintain", **NOW)
    for table in TABLES:
        sizes = again["tables"][table.name]
        assert sizes["after"] == sizes["before"] == report["tables"][table.name]["after"]
    assert lake.run()["files"]["new"] == 0
    told = capsys.readouterr()
    assert " files are 2 now" in told.out
    assert not [value for value in PERSONAL if value in told.out + told.err]


def test_a_short_retention_needs_leave_and_says_why(lake: Any, capsys: Any) -> None:
    """Below seven days the job refuses before it touches anything."""
    argv = ["--run_id", "short", "--task", "maintain", "--retention_hours", "167"]
    for name in ("landing", "bronze", "processing"):
        argv += [f"--{name}", getattr(lake, name)]
    assert main(argv) == 1
    message = capsys.readouterr().err
    assert "ArgumentError: --retention_hours 167 is less than 168 (7 days)" in message
    assert "still reading" in message
    assert "restored" in message
    assert "--allow_short_retention true" in message
    assert list(lake.storage.list(f"{lake.bronze}/")) == []


def test_an_open_manifest_is_finished_first(
    lake: Any, make_song: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier run had seen is in the tables before they are compacted."""
    lake.put("song-data/1.json", [make_song(1)])
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "remove", _die)
        with pytest.raises(KilledError):
            lake.run()
    assert lake.run(task="maintain", **NOW)["finished_runs"] == ["run-1"]
    assert lake.run()["files"] == {
        "listed": 1,
        "new": 0,
        "ingested": 0,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }


def test_what_is_too_old_is_removed_and_counted(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead stages go at once, the rest by age; quarantined records stay unless told otherwise."""

    class Later(datetime):
        """The clock, forty days on."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time() + 40 * 24 * 3600, tz)

    lake.put("log-data/1.json", [{"page": "NextSong"}])
    lake.run()
    lake.storage.write_json(f"{lake.processing}/runs/dead.1/log_data/part-0", {})
    monkeypatch.setattr(retention, "datetime", Later)
    nothing = {"reports": 0, "restore_points": 0, "quarantined_records": 0}
    assert lake.run(task="maintain")["removed"] == {"stages": 1, **nothing}
    assert len(lake.rows(QUARANTINED_RECORDS)) == 1
    younger = lake.run(task="maintain", report_days=41, quarantine_days=41)
    assert younger["removed"] == {"stages": 0, **nothing}
    older = lake.run(task="maintain", report_days=39, quarantine_days=39)
    assert older["removed"] == {
        "stages": 0,
        "reports": 3,
        "restore_points": 1,
        "quarantined_records": 1,
    }
    assert lake.rows(QUARANTINED_RECORDS) == []
    assert len(lake.rows(INGESTED_FILES)) == 1


def test_maintenance_beside_another_writer_is_refused(lake: Any, capsys: Any) -> None:
    """The lease keeps maintenance out while anybody writes, and names who does."""
    Lease(lake.storage, lake.bronze, Writer(run_id="ingesting")).take(10)
    with pytest.raises(AssertionError):
        lake.run(task="maintain")
    assert "held by run ingesting" in capsys.readouterr().err


@pytest.mark.sail
def test_a_compaction_that_meets_another_is_taken_back(
    lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """delta-rs would keep the results of both, every row twice: ours is undone and told."""
    from deltalake import DeltaTable, write_deltalake  # noqa: PLC0415 # not where Spark is on the JVM

    from spark import care_rs  # noqa: PLC0415 # the same

    location = f"{lake.bronze}/table"
    for number in range(3):
        write_deltalake(location, pa.table({"number": [number]}), mode="append")
    real = DeltaTable

    def numbers() -> list[int]:
        return sorted(real(location).to_pyarrow_table()["number"].to_pylist())

    def overtaken(where: str) -> Any:
        table = real(where)
        real(where).optimize.compact()
        return table

    care = care_rs.DeltaRs("ours")
    with monkeypatch.context() as patch:
        patch.setattr(care_rs, "DeltaTable", overtaken)
        with pytest.raises(CareError, match="taken back and no row has changed"):
            care.compact(location)
    assert numbers() == [0, 1, 2]
    care.compact(location)
    assert numbers() == [0, 1, 2]


class KilledError(BaseException):
    """Stands for a process that dies: nothing catches it."""


def _die(*_: Any) -> None:
    raise KilledError
