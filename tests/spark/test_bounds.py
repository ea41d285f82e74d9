"""Literal bounds narrow what is read, and never leave out a row of the batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark import bounds, plays, unsettled
from spark.job import main
from spark.storage import split
from spark.tables import SONGPLAYS, TIME

pytestmark = pytest.mark.core


def test_bounds_of_paths_hold_for_any_key(engine: Any) -> None:
    """Quotes, backslashes and other scripts are text; each folder has a span of its own."""
    batch = [
        "s3://l/log-data/it's.json",
        's3://l/log-data/a"b\\n\\u0041%_.json',
        "s3://l/song-data/é/ü.json",
        "s3://l/song-data/日本.json",
    ]
    others = ["s3://l/log-data/zzz.json", "s3://l/song-data/A.json", "s3://l/q/between.json"]
    rows = engine.createDataFrame([(path,) for path in batch + others], "source_path string")
    found = rows.alias("t").where(bounds.of_paths(batch)).collect()
    assert sorted(row["source_path"] for row in found) == sorted(batch)
    assert rows.alias("t").where(bounds.of_paths([])).collect() == []


def test_references_are_judged_where_the_run_has_written(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """A later month's run does not look at the plays of all months before; keys it counts whole."""
    lake.put("log-data/1.json", [make_play(n) for n in range(4)])
    lake.run()
    december = 1543700000000
    lake.put("log-data/2.json", [make_play(n, ts=december + n) for n in range(2)])
    checked = {(f["table"], f["rule"]): f["checked"] for f in lake.run()["quality"]}
    assert checked["songplays", "user_id: in users"] == 2
    assert checked["users", "user_id: unique"] == 3
    assert ("songs", "song_id: unique") not in checked, "it wrote no song"
    lake.put("song-data/1.json", [make_song(1)])
    report = lake.run()
    again = {(f["table"], f["rule"]): f["checked"] for f in report["quality"]}
    assert again["songplays", "song_id: in songs"] == 2, "the plays of song 1, in both months"
    assert len(lake.rows(SONGPLAYS)) == 6
    assert "check tables" in report["seconds"]


def test_a_clock_that_stands_years_ago_narrows_as_any_other(lake: Any, make_play: Any) -> None:
    """The months between its play and the others are not looked at, and nothing is taken twice."""
    lake.put("log-data/1.json", [make_play(n, ts=1420070400000 + n) for n in range(3)])  # 2015
    lake.put("log-data/2.json", [make_play(n) for n in range(3)])  # 2018
    lake.run()
    stray = make_play(9, ts=946684800000)  # 2000
    lake.put("log-data/3.json", [stray, stray, make_play(1), make_play(8)])
    checked = {(f["table"], f["rule"]): f["checked"] for f in lake.run()["quality"]}
    assert checked["songplays", "user_id: in users"] == 5, "of 2000 and 2018"
    assert len(lake.rows(SONGPLAYS)) == 8
    assert len(lake.rows(TIME)) == 8


def test_a_reference_that_this_run_breaks_is_found(
    lake: Any, make_play: Any, monkeypatch: Any, capsys: Any
) -> None:
    """What is not looked at was judged by the run that wrote it."""
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    users = plays.users
    monkeypatch.setattr(plays, "users", lambda *given: users(*given).where("false"))
    lake.put("log-data/2.json", [make_play(5, userId="stranger")])
    assert main(lake.arguments("bad")) == 1
    assert "songplays.user_id: in users: 1 of 2 break it" in capsys.readouterr().err


def test_of_many_open_versions_the_first_are_told_and_all_are_counted(
    lake: Any, monkeypatch: Any
) -> None:
    """A report is to be read, and the driver's memory has an end."""
    monkeypatch.setattr(unsettled, "MAX_TOLD", 2)
    for number in range(3):
        lake.put(f"log-data/bad{number}.json", "\n".join(["broken"] * 30))
    lake.put("log-data/cut.json.gz", b"\x1f\x8b")
    first = lake.run()
    assert first["open"] == {"held": 3, "failed": 1}
    assert [found["path"][-9:] for found in first["held"]] == ["bad0.json", "bad1.json"]
    assert [found["attempts"] for found in first["failures"]] == [1]
    assert lake.run()["open"] == {"held": 3, "failed": 1}


def test_a_tables_log_quotes_no_text_of_a_record(lake: Any, make_play: Any) -> None:
    """Bounds are of keys, paths, numbers and times: a log outlives the rows that it tells of."""
    lake.put("log-data/1.json", json.dumps(make_play(1)) + "\nsome secret, not JSON")
    lake.run()
    logs = [found.path for found in lake.storage.list(f"{lake.bronze}/") if "_log/" in found.path]
    said = ""
    for path in logs:
        bucket, key = split(path)
        said += lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("latin-1")
    assert "source_path" in said
    assert f"{lake.landing}/log-data/1.json" in said, "bounds of paths are whole"
    for text in ("O'Hara", "Lansing", "Artist 1", "some secret"):
        assert text not in said
