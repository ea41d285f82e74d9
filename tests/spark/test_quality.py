"""Quality rules: warn tells, hold holds the version, fail stops the run with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spark import quality
from spark.job import main
from spark.tables import INGESTED_FILES, SONGS, USERS

if TYPE_CHECKING:
    import pytest

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


def test_a_broken_table_is_told_after_the_fact_with_the_way_back(
    lake: Any, make_play: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is there twice fails the run; the ledger has its objects all the same."""
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    table = lake.spark.read.format("delta").load(f"{lake.bronze}/{USERS.name}")
    table.write.format("delta").mode("append").save(f"{lake.bronze}/{USERS.name}")
    lake.put("log-data/2.json", [make_play(2)])
    assert run(lake, "bad") == 1
    said = capsys.readouterr().err
    assert "users.user_id: unique: 1 of 3 break it" in said
    assert "lakehouse restore --run bad" in said
    assert len(lake.rows(INGESTED_FILES)) == 2
