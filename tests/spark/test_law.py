"""The law: tables depend on which versions were seen, never on order, batches or crashes."""

from __future__ import annotations

from typing import Any

import pytest

from spark import manifest, restore_point, stage
from spark.delta import Bronze
from spark.tables import SONGPLAYS, TABLES, USERS, Table

CONTENT = tuple(table for table in TABLES if table.name != "ingested_files")


class KilledError(BaseException):
    """Stands for the death of the driver: no handler of the job may catch it."""


def test_the_newest_version_of_a_song_wins_and_plays_follow(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """A song with another title loses its plays; plays of the new title find it."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1), make_play(2, artist="Artist 1", song="Later")])
    lake.run()
    assert sorted(str(row["song_id"]) for row in lake.rows(SONGPLAYS)) == ["None", "SO0001"]
    lake.put("song-data/1-renamed.json", [make_song(1, title="Later")])
    lake.run()
    by_title = {row["song"]: row["song_id"] for row in lake.rows(SONGPLAYS)}
    assert by_title == {make_song(1)["title"]: None, "Later": "SO0001"}


def test_a_song_that_comes_after_its_plays_is_found(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Plays that had no song get it when it lands."""
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    assert lake.rows(SONGPLAYS)[0]["song_id"] is None
    lake.put("song-data/1.json", [make_song(1)])
    lake.run()
    assert lake.rows(SONGPLAYS)[0]["song_id"] == "SO0001"


def test_equal_duration_comes_before_the_lowest_id(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Of songs with the same names, the one as long as the play matches, else the lowest id."""
    same = {"title": "T", "artist_name": "A"}
    lake.put("song-data/1.json", [make_song(1, **same, duration=10.0)])
    lake.put("song-data/2.json", [make_song(2, **same, duration=20.0)])
    plays = [
        make_play(n, artist="A", song="T", length=length) for n, length in enumerate((20.0, 7))
    ]
    lake.put("log-data/1.json", [*plays, make_play(2, artist="A", song="T", length=None)])
    lake.run()
    songs = [r["song_id"] for r in sorted(lake.rows(SONGPLAYS), key=lambda r: r["start_time"])]
    assert songs == ["SO0002", "SO0001", "SO0001"]


def test_a_user_is_what_the_newest_play_says(lake: Any, make_play: Any) -> None:
    """An older event that arrives later does not take a user's level back."""
    lake.put("log-data/new.json", [make_play(100, userId="7", level="paid")])
    lake.run()
    lake.put("log-data/old.json", [make_play(1, userId=" 7 ", level="free")])
    lake.put("log-data/number.json", [make_play(2, userId=7, level="free")])
    lake.run()
    assert [(row["user_id"], row["level"]) for row in lake.rows(USERS)] == [("7", "paid")]


def test_any_order_of_arrival_gives_the_same_tables(
    lake: Any, engine: Any, make_song: Any, make_play: Any
) -> None:
    """The same versions land forwards and backwards, a run after each: the tables say the same."""
    files = {
        "log-data/1.json": [make_play(n) for n in range(4)],
        "song-data/1.json": [make_song(1), make_song(2)],
        "log-data/2.json": [make_play(n, userId="5") for n in range(2, 6)],
    }
    backwards = type(lake)(engine)
    for where, order in ((lake, list(files)), (backwards, list(reversed(files)))):
        for key in order:
            where.put(key, files[key])
            where.run()
    assert what_it_says(lake) == what_it_says(backwards)


def what_it_says(lake: Any) -> Any:
    """Every table without what differs between two lakes: times and names of the emulator's."""
    own = {"source_modified", "source_etag", "run_id", "batch", "quarantined_at", "ingested_at"}
    return lake.content(CONTENT, without=own)


COMMITS = (
    ("append", "quarantined_records"),
    ("append", "songplays"),
    ("merge", "songplays"),
    ("merge", "songs"),
    ("merge", "artists"),
    ("merge", "users"),
    ("append", "time"),
    ("append", "ingested_files"),
)
"""What the run in question commits, in order. The merge of songplays is that of other matches."""

OTHERS = ((stage, "write"), (manifest, "write"), (restore_point, "record"), (manifest, "remove"))

Step = tuple[Any, str, str, str]
"""Owner and name of a function, the table that it is called for or "", and when the run dies."""

STEPS: tuple[Step, ...] = tuple(
    (owner, name, table, when)
    for owner, name, table in (
        *((owner, name, "") for owner, name in OTHERS),
        *((Bronze, name, table) for name, table in COMMITS),
    )
    for when in ("before", "after")
)


def begin(lake: Any, make_song: Any, make_play: Any) -> None:
    """A lake with a past, and new versions landed that touch it."""
    lake.put("song-data/0.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1), make_play(2, artist="Artist 1", song="Later")])
    lake.run()
    lake.put("song-data/1.json", [make_song(1, title="Later")])
    lake.put("song-data/6.json", [make_song(6)])
    lake.put("log-data/2.json", [*(make_play(n) for n in range(3, 9)), {"page": "NextSong"}])


@pytest.fixture(scope="module")
def clean(engine: Any, make_lake: Any, make_song: Any, make_play: Any) -> Any:
    """What the tables say after one clean run, of which every commit is one of COMMITS."""
    lake = make_lake(engine)
    begin(lake, make_song, make_play)
    commits = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("append", "merge"):
            real = getattr(Bronze, name)

            def noted(
                self: Bronze, table: Table, *args: Any, _real: Any = real, **more: Any
            ) -> None:
                commits.append((_real.__name__, table.name))
                _real(self, table, *args, **more)

            patch.setattr(Bronze, name, noted)
        lake.run()
    assert tuple(commits) == COMMITS
    return what_it_says(lake)


def told(step: Step) -> str:
    """A step as the name of its test."""
    owner, name, table, when = step
    return f"{when} {owner.__name__.rpartition('.')[2]}.{name} {table}".strip()


@pytest.mark.parametrize("step", STEPS, ids=told)
def test_a_run_killed_at_any_step_is_finished_by_the_next(
    step: Step, lake: Any, clean: Any, make_song: Any, make_play: Any
) -> None:
    """After a kill and another run, every table is that of one clean run."""
    begin(lake, make_song, make_play)
    owner, name, table, when = step
    real = getattr(owner, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        is_it = not table or args[1].name == table
        if not is_it or when == "after":
            done = real(*args, **kwargs)
        if is_it:
            raise KilledError(told(step))
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, deadly)
        with pytest.raises(KilledError):
            lake.run()
    lake.run()
    assert what_it_says(lake) == clean
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
