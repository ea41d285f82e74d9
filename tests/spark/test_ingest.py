"""The ingest task on clean input: right rows, nothing twice, nothing forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from spark.tables import ARTISTS, INGESTED_FILES, SONGPLAYS, SONGS, TABLES, TIME, USERS

FIVE = (SONGS, ARTISTS, USERS, TIME, SONGPLAYS)


def test_tables_exist_before_anything_lands(lake: Any) -> None:
    """An empty landing zone still gives every table, empty and with its whole schema."""
    report = lake.run()
    assert report["files"] == {
        "listed": 0,
        "new": 0,
        "ingested": 0,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    for table in TABLES:
        frame = lake.spark.read.format("delta").load(f"{lake.bronze}/{table.name}")
        assert frame.columns == list(table.column_names)
        assert [kind for _, kind in frame.dtypes] == [kind for _, kind in table.columns]
        assert frame.count() == 0


@pytest.mark.core
def test_tables_are_made_where_a_killed_run_left_a_folder(lake: Any, make_play: Any) -> None:
    """S3A makes the log's folder before the first commit: an object that is no table yet."""
    for table in TABLES:
        lake.put_in_bronze(f"{table.name}/", b"")
        lake.put_in_bronze(f"{table.name}/_delta_log/", b"")
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    assert len(lake.rows(SONGPLAYS)) == 1


def test_clean_input_gives_the_five_tables(lake: Any, make_song: Any, make_play: Any) -> None:
    """Songs, artists, users, time and songplays have the rows that the input says."""
    for number in range(12):
        lake.put(f"song-data/A/B/{number}.json", [make_song(number)])
    lake.put("log-data/2018/11/a.json", [make_play(n) for n in range(20)])
    lake.put("log-data/2018/11/b.json", [make_play(40), make_play(41, page="Home", userId="")])
    report = lake.run()
    assert report["files"] == {
        "listed": 14,
        "new": 14,
        "ingested": 14,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    assert report["records"] == {
        "read": 34,
        "good": 33,
        "ignored": 1,
        "quarantined": 0,
        "duplicates": 0,
    }
    assert {table.name: len(lake.rows(table)) for table in FIVE} == {
        "songs": 12,
        "artists": 5,
        "users": 3,
        "time": 21,
        "songplays": 21,
    }
    first = min(lake.rows(SONGPLAYS), key=lambda row: row["start_time"])
    assert (first["song_id"], first["artist_id"]) == ("SO0000", "AR0")
    assert (first["year"], first["month"], first["user_id"]) == (2018, 11, "0")
    assert sum(row["song_id"] is None for row in lake.rows(SONGPLAYS)) == 9
    start = lake.rows(TIME)[0]
    assert (start["hour"], start["day"], start["week"], start["weekday"]) == (20, 1, 44, 5)


def test_a_second_run_finds_nothing_new(lake: Any, make_song: Any, make_play: Any) -> None:
    """Running again changes no table, commits nothing, and says that nothing was new."""
    lake.put("song_data/A/1.json", [make_song(1)])
    lake.put("log_data/2018/11/a.json", [make_play(n) for n in range(5)])
    lake.run()
    before = lake.content(TABLES)
    log = {found.path for found in lake.storage.list(f"{lake.bronze}/")}
    report = lake.run()
    assert report["files"] == {
        "listed": 2,
        "new": 0,
        "ingested": 0,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    assert lake.content(TABLES) == before
    assert {found.path for found in lake.storage.list(f"{lake.bronze}/")} == log


def test_one_more_day_ingests_that_file_only(lake: Any, make_play: Any) -> None:
    """A new object is ingested alone; what was there stays."""
    lake.put("log-data/1.json", [make_play(n) for n in range(5)])
    lake.run()
    lake.put("log-data/2.json", [make_play(n) for n in range(5, 9)])
    report = lake.run()
    assert report["files"] == {
        "listed": 2,
        "new": 1,
        "ingested": 1,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    assert len(lake.rows(SONGPLAYS)) == 9
    assert len(lake.rows(INGESTED_FILES)) == 2


def test_batches_are_bounded(lake: Any, make_song: Any) -> None:
    """More objects than one batch holds are ingested in several, with the same tables."""
    for number in range(5):
        lake.put(f"song-data/{number}.json", [make_song(number)])
    report = lake.run(max_files=2)
    assert report["files"]["ingested"] == 5
    assert len({row["batch"] for row in lake.rows(INGESTED_FILES)}) == 3
    assert len(lake.rows(SONGS)) == 5


def test_nothing_is_left_in_the_processing_zone(lake: Any, make_song: Any) -> None:
    """A run that went well removes its stage and manifest and gives the lease back."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.run()
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert list(lake.storage.list(f"{lake.bronze}/_lease/")) == []
