"""A run that finds all as the last one left it asks the ledger nothing, and misses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from spark import settled
from spark.tables import SONGS

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = "compare with the ledger"


def at_rest(lake: Any, make_song: Any, make_play: Any) -> None:
    """Bring the lake to where a run has found nothing new."""
    lake.put("song-data/1.json", [make_song(1)], 1_500_000_000)
    lake.put("log-data/1.json", [make_play(1)], 1_500_000_000)
    assert lake.run()["files"]["ingested"] == 2
    assert is_asked(lake.run())


def is_asked(report: Any) -> bool:
    """Whether the run asked the ledger, which is all that a run with nothing new does but list."""
    steps = set(report["seconds"])
    assert ASKED in steps or steps == {"list"}
    return ASKED in steps


@pytest.mark.core
def test_nothing_new_is_told_without_the_ledger(
    lake: Any, make_song: Any, make_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is the same, word for word, as that of a run which asks."""
    at_rest(lake, make_song, make_play)
    lake.put("log-data/readme.txt", b"no input")
    short = lake.run()
    assert not is_asked(short)
    monkeypatch.setattr("spark.settled.MAX_LISTED", 1)
    whole = lake.run()
    assert is_asked(whole)
    of_the_run = {"run_id", "seconds"}
    assert {key: value for key, value in short.items() if key not in of_the_run} == {
        key: value for key, value in whole.items() if key not in of_the_run
    }
    assert short["files"]["listed"] == 2
    assert short["files"]["passed_over"] == 1


def same_key_again(lake: Any, make_play: Any) -> None:
    """Upload the same content again: another time of modification is another version."""
    lake.put("log-data/1.json", [make_play(1)], 1_500_000_001)


def other_content(lake: Any, make_play: Any) -> None:
    """Upload other content in the same second."""
    lake.put("log-data/1.json", [make_play(2)], 1_500_000_000)


def one_more(lake: Any, make_play: Any) -> None:
    """Upload another object."""
    lake.put("log-data/2.json", [make_play(3)], 1_500_000_000)


@pytest.mark.parametrize("land", [same_key_again, other_content, one_more])
def test_whatever_lands_is_found(
    lake: Any, make_song: Any, make_play: Any, land: Callable[[Any, Any], None]
) -> None:
    """And then the lake is at rest once more."""
    at_rest(lake, make_song, make_play)
    land(lake, make_play)
    report = lake.run()
    assert (report["files"]["new"], report["files"]["ingested"]) == (1, 1)
    assert [is_asked(lake.run()) for _ in range(2)] == [True, False]


def test_what_is_taken_out_of_the_tables_is_found(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """A restore takes the ledger back: the listing is the same, and everything counts as new."""
    at_rest(lake, make_song, make_play)
    lake.run(task="restore", restore_run="run-1")
    assert lake.run()["files"]["ingested"] == 2
    assert len(lake.rows(SONGS)) == 1


def test_another_writers_commit_meanwhile_is_not_taken_for_settled(
    lake: Any, make_song: Any, make_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose lease is gone may note what it saw: by then the tables have moved on."""
    at_rest(lake, make_song, make_play)
    lake.put("log-data/2.json", [make_play(3)], 1_500_000_000)
    assert lake.run()["files"]["ingested"] == 1
    note = settled.note

    def late(*seen: Any) -> None:
        monkeypatch.setattr("spark.settled.note", note)
        lake.run(task="restore", restore_run="run-3")
        note(*seen)

    monkeypatch.setattr("spark.settled.note", late)
    for name in ("check", "take", "release"):
        monkeypatch.setattr(f"spark.lease.Lease.{name}", lambda *_: None)
    assert lake.run()["files"]["new"] == 0
    assert lake.run()["files"]["ingested"] == 1


def test_a_lake_made_anew_is_not_taken_for_the_old_one(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Its commits have the same numbers, and other contents."""
    at_rest(lake, make_song, make_play)
    kept = lake.storage.read_json(f"{lake.processing}/settled.json")
    lake.storage.delete_under(f"{lake.bronze}/")
    landing = lake.storage.list(f"{lake.landing}/")
    lake.storage.delete([found.path for found in landing])
    lake.put("song-data/2.json", [make_song(2)], 1_500_000_000)
    lake.put("log-data/2.json", [make_play(2)], 1_500_000_000)
    for _ in range(2):
        lake.run()
    lake.storage.delete_under(f"{lake.landing}/")
    lake.storage.write_json(f"{lake.processing}/settled.json", kept)
    lake.put("song-data/1.json", [make_song(1)], 1_500_000_000)
    lake.put("log-data/1.json", [make_play(1)], 1_500_000_000)
    assert lake.run()["files"]["ingested"] == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}"])
def test_a_note_that_cannot_be_read_stops_nothing(
    lake: Any, make_song: Any, make_play: Any, body: bytes
) -> None:
    """It saves a question, and no run depends on it."""
    at_rest(lake, make_song, make_play)
    bucket = lake.processing.removeprefix("s3://")
    lake.s3.put_object(Bucket=bucket, Key="settled.json", Body=body)
    assert [is_asked(lake.run()) for _ in range(2)] == [True, False]


def test_a_run_that_leaves_something_open_settles_nothing(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Held and failed versions are told by every run, and only the ledger knows them."""
    at_rest(lake, make_song, make_play)
    lake.put("log-data/bad.json", b"no json\n" * 30)
    assert lake.run()["open"]["held"] == 1
    for _ in range(2):
        report = lake.run()
        assert is_asked(report)
        assert report["open"]["held"] == 1
    lake.put("log-data/cut.json.gz", b"\x1f\x8b cut")
    for _ in range(3):
        assert lake.run()["open"]["failed"] == 1


def test_what_an_earlier_run_left_open_is_finished(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Also when the landing zone looks as it did: a batch that was begun, rules not judged."""
    at_rest(lake, make_song, make_play)
    lake.storage.write_json(f"{lake.processing}/unjudged.json", {"runs": ["an-earlier-one"]})
    assert lake.run()["quality"]
    lake.storage.write_json(f"{lake.processing}/runs/dead.0/stage", {})
    assert is_asked(lake.run())
    assert not lake.storage.exists_under(f"{lake.processing}/runs/")
    assert not is_asked(lake.run())
