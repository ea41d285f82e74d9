"""Records that have changed in form: what is told, what stays out of the tables."""

from __future__ import annotations

import json
from typing import Any

from spark.drift import UNTOLD, renamed_from
from spark.tables import SONGPLAYS, SONGS


def drift(report: dict[str, Any]) -> dict[tuple[str, str, str], tuple[int, str | None]]:
    """(source, field, kind) -> records, instead_of."""
    return {
        (found["source"], found["field"], found["kind"]): (found["records"], found["instead_of"])
        for found in report["drift"]
    }


def test_unknown_fields_stay_out_and_are_told(lake: Any, make_song: Any, make_play: Any) -> None:
    """By name, with records and the first file; clean input has none; values are never told."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1), make_play(2, page="Home", artist=None)])
    assert lake.run()["drift"] == []
    first = lake.put("log-data/2.json", [make_play(3, mood="zoe@secret.example"), make_play(4)])
    odd = {"zoe@secret.example": 1}
    lake.put("log-data/3.json", [make_play(5, mood=None), make_play(6, **odd)])
    report = lake.run()
    assert drift(report) == {
        ("logs", "mood", "unknown"): (2, None),
        ("logs", UNTOLD, "unknown"): (1, None),
    }
    assert {found["first_file"] for found in report["drift"] if found["field"] == "mood"} == {first}
    assert "secret" not in json.dumps(report)
    assert len(lake.rows(SONGPLAYS)) == 5


def test_a_renamed_and_a_widened_field_are_seen(lake: Any, make_song: Any, make_play: Any) -> None:
    """A field that went away beside a new one of a like name; one that has another type now."""
    songs = [make_song(n) for n in range(3)]
    for song in songs:
        song["Title"] = song.pop("title")
        song["year"] = "MMXX"
    lake.put("song-data/1.json", songs)
    plays = [make_play(n) for n in range(3)]
    for play in plays:
        play["user_id"] = play.pop("userId")
    lake.put("log-data/1.json", plays)
    report = lake.run()
    assert drift(report) == {
        ("songs", "Title", "unknown"): (3, "title"),
        ("songs", "year", "type"): (3, None),
        ("logs", "user_id", "unknown"): (3, "userId"),
        ("logs", "userId", "missing"): (3, None),
    }
    assert report["records"]["quarantined"] == 6
    assert lake.rows(SONGS) == []


def test_a_name_is_taken_for_another_only_when_they_are_alike() -> None:
    """And only among those that are absent."""
    assert renamed_from("first_name", ["lastName", "firstName"]) == "firstName"
    assert renamed_from("mood", ["lastName", "level"]) is None
    assert renamed_from("mood", []) is None
