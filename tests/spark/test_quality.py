"""Quality rules: warn tells, hold holds the version, fail stops the run with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import quality
from spark.care import care_of
from spark.job import main
from spark.tables import INGESTED_FILES, SONGPLAYS, SONGS, USERS, Table

TITLE = quality.RECORD_RULES[0]


def rules(patch: Any, *found: quality.RecordRule) -> None:
    """Have these rules of records only."""
    patch.setattr(quality, "RECORD_RULES", found)


def run(lake: Any, run_id: str) -> int:
    """Run the job; its exit status."""
    zones = [f"--{name}={getattr(lake, name)}" for name in ("landing", "bronze", "processing")]
    return main(["--run_id", run_id, *zones])


def broken(report: dict[str, Any]) -> dict[str, tuple[int, int, bool]]:
    """table.rule -> checked, broken, passed."""
    return {
        f"{found['table']}.{found['rule']}": (found["checked"], found["broken"], found["passed"])
        for found in report["quality"]
    }


def test_rules_are_judged_and_told(lake: Any, make_song: Any, make_play: Any) -> None:
    """Of records and of tables; a warning stops nothing; without news nothing is judged."""
    lake.put("song-data/1.json", [make_song(1, title=None), make_song(2, duration=0), make_song(3)])
    lake.put("log-data/1.json", [make_play(n) for n in range(4)])
    found = broken(lake.run())
    assert found["songs.title: not null"] == (3, 1, False)
    assert found["songs.duration: from 1 to 36000"] == (3, 1, False)
    assert found["users.level: not null"] == (4, 0, True)
    assert found["songs.song_id: unique"] == (3, 0, True)
    assert found["songplays.song_id: in songs"] == (2, 0, True)
    assert found["songplays.user_id: in users"] == (4, 0, True)
    assert len(lake.rows(SONGS)) == 3
    assert lake.run()["quality"] == []


def test_a_version_that_breaks_a_rule_of_severity_hold_is_held(
    lake: Any, make_song: Any, monkeypatch: Any
) -> None:
    """It alone, until it is accepted; a tolerated share does not hold."""
    rules(monkeypatch, replace(TITLE, severity="hold", tolerated=0.5))
    path = lake.put("song-data/1.json", [make_song(1, title=None)])
    lake.put("song-data/2.json", [make_song(2), make_song(3, title=None)])
    report = lake.run()
    assert [(found["path"], found["error"]) for found in report["held"]] == [
        (path, "songs.title: not null: 1 of 1 break it")
    ]
    assert [row["song_id"] for row in lake.rows(SONGS)] == ["SO0002", "SO0003"]
    assert lake.run(accept=path)["released"] == [path]
    assert len(lake.rows(SONGS)) == 3


def test_a_rule_of_severity_fail_stops_before_anything_is_written(
    lake: Any, make_song: Any, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rule, table and counts are named; with the object mended, the next run goes through."""
    rules(monkeypatch, replace(TITLE, severity="fail"))
    lake.put("song-data/1.json", [make_song(1, title=None), make_song(2)])
    assert run(lake, "r") == 1
    assert "QualityError" in (said := capsys.readouterr().err)
    assert "songs.title: not null: 1 of 2 break it" in said
    assert (lake.rows(SONGS), lake.rows(INGESTED_FILES)) == ([], [])
    lake.put("song-data/1.json", [make_song(1), make_song(2)])
    assert lake.run()["files"]["ingested"] == 1


def add_again(lake: Any, table: Table, **changes: object) -> None:
    """Append every row of a table to it once more, with another value here and there."""
    rows = lake.read(table)
    for name, value in changes.items():
        rows = rows.withColumn(name, F.lit(value))
    rows.write.format("delta").mode("append").save(f"{lake.bronze}/{table.name}")


@pytest.mark.parametrize(
    ("table", "changes", "told"),
    [
        (USERS, {}, "users.user_id: unique: 1 of 2 break it"),
        (SONGPLAYS, {"user_id": "nobody"}, "songplays.user_id: in users: 1 of 3 break it"),
    ],
)
def test_a_broken_table_fails_every_run_until_it_is_mended(
    table: Table,
    changes: dict[str, object],
    told: str,
    lake: Any,
    make_play: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A key that is there twice, a play without its user: told after the fact, with the way back.

    The ledger has the run's objects all the same, and its report is there.
    """
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    version = care_of(lake.bronze_zone()).live(f"{lake.bronze}/{table.name}").version
    add_again(lake, table, **changes)
    lake.put("log-data/2.json", [make_play(4)])
    assert run(lake, "bad") == 1
    said = capsys.readouterr().err
    assert told in said
    assert "`lakehouse restore --run bad`" in said
    assert len(lake.rows(INGESTED_FILES)) == 2
    report = lake.storage.read_json(f"{lake.processing}/reports/bad.json")
    assert [f"{f['table']}.{f['rule']}" for f in report["quality"] if not f["passed"]] == [
        told.rpartition(":")[0]
    ]
    assert run(lake, "idle") == 1
    assert told in (said := capsys.readouterr().err)
    assert "`lakehouse restore --run bad`" in said
    care_of(lake.bronze_zone()).restore(f"{lake.bronze}/{table.name}", version)
    judged = lake.run()["quality"]
    assert judged
    assert all(found["passed"] for found in judged)
    assert lake.run()["quality"] == []


def test_the_run_that_is_named_is_the_one_that_committed(
    lake: Any, make_play: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that dies before the rules are judged leaves the verdict, and its name, to the next."""

    class KilledError(BaseException):
        """Stands for the death of the driver."""

    def deadly(*_: object, **__: object) -> None:
        add_again(lake, USERS)
        raise KilledError

    lake.put("log-data/1.json", [make_play(1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "check_tables", deadly)
        with pytest.raises(KilledError):
            run(lake, "died")
    # Also to another attempt under the same run id, which finds nothing new.
    for later in ("died", "next"):
        assert run(lake, later) == 1
        said = capsys.readouterr().err
        assert "users.user_id: unique: 1 of 2 break it" in said
        assert "`lakehouse restore --run died`" in said
    assert run(lake, "more") == 1
    lake.put("log-data/2.json", [make_play(2)])
    assert run(lake, "last") == 1
    assert "`lakehouse restore --run died --and-later`" in capsys.readouterr().err
