"""The sample: the same bytes always, in the documented shape, clean or dirty as asked."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.progress import PlainDisplay
from pipeline.sample import MARKER, Recipe, write_sample

SONG_FIELDS = {
    "num_songs", "artist_id", "artist_latitude", "artist_longitude", "artist_location",
    "artist_name", "song_id", "title", "duration", "year",
}  # fmt: skip
EVENT_FIELDS = {
    "artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level",
    "location", "method", "page", "registration", "sessionId", "song", "status", "ts",
    "userAgent", "userId",
}  # fmt: skip
CLEAN = Recipe(songs=120, days=2, events_per_day=3000, seed=7)
DIRTY = Recipe(songs=200, days=3, events_per_day=1000, seed=7, dirty=0.1)


def write(folder: Path, recipe: Recipe) -> Any:
    """Write a sample as the command does."""
    return write_sample(folder, recipe, PlainDisplay(sys.stderr))


def digest(folder: Path) -> str:
    """Hash names and contents of all files."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean sample."""
    folder = tmp_path_factory.mktemp("clean")
    write(folder, CLEAN)
    return folder


@pytest.fixture(scope="module")
def songs(clean: Path) -> list[dict[str, Any]]:
    """Its songs."""
    return [json.loads(path.read_text()) for path in sorted(clean.glob("song-data/**/*.json"))]


@pytest.fixture(scope="module")
def days(clean: Path) -> dict[str, list[dict[str, Any]]]:
    """Its events by day."""
    return {
        path.name[:10]: [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted(clean.glob("log-data/**/*.json"))
    }


@pytest.fixture(scope="module")
def plays(days: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Its plays."""
    return [event for day in days.values() for event in day if event["page"] == "NextSong"]


@pytest.mark.parametrize("recipe", [CLEAN, DIRTY], ids=["clean", "dirty"])
def test_the_same_arguments_write_the_same_bytes(tmp_path: Path, recipe: Recipe) -> None:
    """Neither the process, its hash seed, time zone nor locale changes a byte."""
    write(tmp_path / "a", recipe)
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in vars(recipe).items()]
    subprocess.run(
        [sys.executable, "-m", "pipeline", "sample", str(tmp_path / "b"), *arguments],
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Kolkata", "LC_ALL": "C"},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
    )
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_these_bytes_never_change_unnoticed(clean: Path) -> None:
    """Whoever changes the sample raises its format, so that old folders are written anew."""
    assert digest(clean) == "a127f6a388dee6326658a01c5eb543c1a556593e2f41f3a6ff2acd00f2f5738c"


def test_another_seed_writes_other_data(tmp_path: Path, clean: Path) -> None:
    """The seed reaches everything."""
    write(tmp_path / "b", Recipe(songs=120, days=2, events_per_day=3000, seed=8))
    assert digest(tmp_path / "b") != digest(clean)


def test_songs_have_the_documented_shape(songs: list[dict[str, Any]], clean: Path) -> None:
    """One object per file, nested by the letters of the track id."""
    assert len(songs) == CLEAN.songs
    assert all(set(song) == SONG_FIELDS for song in songs)
    assert all(type(song["duration"]) is float and type(song["year"]) is int for song in songs)
    assert len({song["song_id"] for song in songs}) == len(songs)
    for path in clean.glob("song-data/**/*.json"):
        letters = path.relative_to(clean).parts[1:4]
        assert path.name.startswith(f"TR{''.join(letters)}")


def test_songs_are_as_untidy_as_real_ones(songs: list[dict[str, Any]]) -> None:
    """Artists repeat, coordinates and years are missing, names are not plain ASCII."""
    artists = [song["artist_id"] for song in songs]
    assert len(set(artists)) < len(artists)
    assert any(song["artist_latitude"] is None for song in songs)
    assert any(song["artist_latitude"] is not None for song in songs)
    assert any(song["year"] == 0 for song in songs)
    assert any(not (song["title"] + song["artist_name"]).isascii() for song in songs)
    assert any('"' in song["title"] or "'" in song["title"] for song in songs)


def test_events_have_the_documented_shape(days: dict[str, list[dict[str, Any]]]) -> None:
    """Every line has every field; a file holds its own UTC day, in order."""
    assert list(days) == ["2018-11-01", "2018-11-02"]
    for day, events in days.items():
        assert len(events) == CLEAN.events_per_day
        assert all(set(event) == EVENT_FIELDS for event in events)
        times = [event["ts"] for event in events]
        assert times == sorted(times)
        assert {f"{datetime.fromtimestamp(ts / 1000, UTC):%Y-%m-%d}" for ts in times} == {day}


def test_most_events_are_plays_of_known_users(
    days: dict[str, list[dict[str, Any]]], plays: list[dict[str, Any]]
) -> None:
    """About 85 in 100 are plays; nobody plays without being signed in."""
    total = sum(len(events) for events in days.values())
    assert 0.82 < len(plays) / total < 0.88
    assert all(play["userId"] and type(play["length"]) is float for play in plays)
    assert all(type(play["registration"]) is float for play in plays)


def test_signed_out_visitors_have_no_user(days: dict[str, list[dict[str, Any]]]) -> None:
    """Their user id is empty and their fields are null."""
    signed_out = [e for events in days.values() for e in events if e["auth"] == "Logged Out"]
    assert signed_out
    assert {event["userId"] for event in signed_out} == {""}
    assert {event["firstName"] for event in signed_out} == {None}
    assert {event["page"] for event in signed_out} <= {"Home", "Login", "About"}


def test_some_plays_match_a_song_some_nearly_and_most_not(
    plays: list[dict[str, Any]], songs: list[dict[str, Any]]
) -> None:
    """Artist, title and length decide; all three cases occur."""
    names = {(song["artist_name"], song["title"]) for song in songs}
    exact = {(song["artist_name"], song["title"], song["duration"]) for song in songs}
    by_name = [play for play in plays if (play["artist"], play["song"]) in names]
    by_all = [p for p in by_name if (p["artist"], p["song"], p["length"]) in exact]
    assert 0.25 < len(by_all) / len(plays) < 0.35
    assert 0.04 < (len(by_name) - len(by_all)) / len(plays) < 0.12


def test_a_play_is_identified_by_user_session_item_and_time(plays: list[dict[str, Any]]) -> None:
    """Sessions have ids of their own on every day."""
    keys = {(p["userId"], p["sessionId"], p["itemInSession"], p["ts"]) for p in plays}
    assert len(keys) == len(plays)


def test_some_users_change_level_and_keep_their_name(plays: list[dict[str, Any]]) -> None:
    """A user has one name and at most one change of level."""
    names: dict[str, set[Any]] = {}
    levels: dict[str, list[str]] = {}
    for play in plays:
        names.setdefault(play["userId"], set()).add((play["firstName"], play["lastName"]))
        history = levels.setdefault(play["userId"], [])
        if not history or history[-1] != play["level"]:
            history.append(play["level"])
    assert {len(found) for found in names.values()} == {1}
    assert {len(history) for history in levels.values()} == {1, 2}


def test_dirt_comes_in_many_ways_and_is_counted(tmp_path: Path) -> None:
    """About the asked fraction of lines is bad, and objects are repeated under other keys."""
    written = write(tmp_path, DIRTY)
    assert {
        "absurd_time", "blank_line", "cut", "duplicate_line", "missing_key", "no_object",
        "trailing_text", "wrong_type",
    } <= set(written.dirt)  # fmt: skip
    assert (
        0.08 < sum(written.dirt.values()) / (DIRTY.days * DIRTY.events_per_day + DIRTY.songs) < 0.12
    )
    repeated = list(tmp_path.rglob("*-again.json"))
    assert any("song-data" in path.parts for path in repeated)
    assert any("log-data" in path.parts for path in repeated)
    for path in repeated:
        original = path.with_name(path.name.replace("-again", ""))
        assert path.read_bytes() == original.read_bytes()


def test_a_little_dirt_repeats_at_least_one_object(tmp_path: Path) -> None:
    """Even the smallest dirty sample has a repetition to find."""
    write(tmp_path, Recipe(songs=3, days=1, events_per_day=10, seed=1, dirty=0.0001))
    assert len(list(tmp_path.rglob("*-again.json"))) == 2


def test_the_same_sample_again_writes_nothing(tmp_path: Path) -> None:
    """Also when the user has added a file of their own."""
    write(tmp_path, DIRTY)
    (tmp_path / "song-data/mine.json").write_text("{}")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = write(tmp_path, DIRTY)
    assert again.already_there
    assert again.files == len(before) - 2
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}


def test_another_sample_replaces_the_former_one(tmp_path: Path) -> None:
    """Nothing of the former one is left to be mixed with it."""
    write(tmp_path / "a", CLEAN)
    write(tmp_path / "a", DIRTY)
    write(tmp_path / "b", DIRTY)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_an_interrupted_sample_is_written_anew(tmp_path: Path) -> None:
    """A marker without totals, or a missing file, means that writing did not end."""
    write(tmp_path / "a", CLEAN)
    whole = digest(tmp_path / "a")
    next(tmp_path.glob("a/song-data/**/*.json")).unlink()
    assert not write(tmp_path / "a", CLEAN).already_there
    marker = json.loads((tmp_path / "a" / MARKER).read_text())
    del marker["totals"]
    (tmp_path / "a" / MARKER).write_text(json.dumps(marker))
    assert not write(tmp_path / "a", CLEAN).already_there
    assert digest(tmp_path / "a") == whole


def test_other_peoples_files_are_never_touched(tmp_path: Path) -> None:
    """A folder with anything else is refused, whether it holds a sample or not."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"holds other files, such as thesis\.txt"):
        write(tmp_path, CLEAN)
    (tmp_path / "thesis.txt").unlink()
    write(tmp_path, CLEAN)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"and, beside it, thesis\.txt"):
        write(tmp_path, DIRTY)
    assert len(list(tmp_path.glob("song-data/**/*.json"))) == CLEAN.songs


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    """The target has to be a folder."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is not a folder"):
        write(tmp_path / "file", CLEAN)
    with pytest.raises(UsageError, match="cannot be written"):
        write(tmp_path / "file" / "below", CLEAN)
