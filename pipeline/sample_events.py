"""The sample's log files: a day of user events each, one JSON object per line, in time order.

A day depends on the seed and its own number only, so days can be made in any order. Half a million
lines take seconds: what does not change from line to line is encoded once.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline import sample_names as names

if TYPE_CHECKING:
    from pipeline.sample_music import Song

FIRST_DAY = date(2018, 11, 1)
DAY_MS = 86_400_000

PLAYS = 0.86
"""Of a signed-in user's events, this share is a play (page NextSong)."""

MATCHED = 0.3
"""Of all plays, this share is of a song in song-data, with its exact length."""

NEARLY_MATCHED = 0.08
"""And this share is of a song in song-data, with another length."""

SIGNED_OUT = 0.06
"""Of all sessions, this share is of nobody known."""

OTHER_PAGES = (
    ("Home", "GET", 200), ("Home", "GET", 200), ("Home", "GET", 200), ("Logout", "PUT", 307),
    ("Settings", "GET", 200), ("Save Settings", "PUT", 307), ("Help", "GET", 200),
    ("About", "GET", 200), ("Upgrade", "GET", 200), ("Submit Upgrade", "PUT", 307),
    ("Downgrade", "GET", 200), ("Submit Downgrade", "PUT", 307), ("Error", "GET", 404),
)  # fmt: skip
"""Page, method and status of what is no play."""

SIGNED_OUT_PAGES = (("Home", "GET", 200), ("Login", "PUT", 307), ("About", "GET", 200))


@dataclass(frozen=True)
class _User:
    """A user's fields as fragments of a line; `head`, `middle`, `tail` are between the others."""

    head: str
    middle: str
    location: str
    registration: str
    tail: str
    levels: tuple[str, str]
    """Level before and after `changes`."""
    changes: int
    """Epoch milliseconds at which the level changes."""


@dataclass(frozen=True)
class _Play:
    """What is played, encoded: artist, title and length."""

    artist: str
    title: str
    length: str


class EventLog:
    """The users and their plays, from which each day's lines are drawn."""

    def __init__(self, songs: list[Song], *, days: int, events_per_day: int, seed: int) -> None:
        self.seed = seed
        self.events_per_day = events_per_day
        rng = random.Random(f"{seed}/listeners")  # noqa: S311
        self._known = [
            _Play(_encode(song.artist), _encode(song.title), song.duration) for song in songs
        ]
        self._unknown = [_unknown_play(rng) for _ in range(min(max(4 * len(songs), 50), 5000))]
        count = min(20 + events_per_day // 25, 5000)
        self._users = [_user(rng, number, max(days, 1)) for number in range(1, count + 1)]

    def lines(self, day: int) -> list[str]:
        """Make the lines of day number `day`, from 0."""
        rng = random.Random(f"{self.seed}/day/{day}")  # noqa: S311
        midnight = _epoch_ms(FIRST_DAY + timedelta(days=day))
        events: list[tuple[int, str]] = []
        session = 1 + day * self.events_per_day
        while len(events) < self.events_per_day:
            start = midnight + int(rng.random() * DAY_MS)
            room = self.events_per_day - len(events)
            if rng.random() < SIGNED_OUT:
                events += self._signed_out(rng, session, start, midnight + DAY_MS, room)
            else:
                events += self._signed_in(rng, session, start, midnight + DAY_MS, room)
            session += 1
        events.sort(key=lambda event: event[0])
        return [line for _, line in events]

    def _signed_in(
        self, rng: random.Random, session: int, ts: int, end: int, room: int
    ) -> list[tuple[int, str]]:
        user = self._users[int(rng.random() * rng.random() * len(self._users))]
        events: list[tuple[int, str]] = []
        for item in range(min(1 + int(rng.random() * rng.random() * 60), room)):
            if ts >= end:
                break
            level = user.levels[ts >= user.changes]
            if rng.random() < PLAYS:
                play = self._play(rng)
                artist, song, length = play.artist, play.title, play.length
                page, method, status = "NextSong", "PUT", 200
                pause = int(float(length) * 1000)
            else:
                artist = song = length = "null"
                page, method, status = OTHER_PAGES[int(rng.random() * len(OTHER_PAGES))]
                pause = 1000 + int(rng.random() * 60_000)
            line = (
                f'{{"artist":{artist},{user.head}{item},{user.middle}{length},'
                f'"level":"{level}",{user.location},"method":"{method}","page":"{page}",'
                f'{user.registration},"sessionId":{session},"song":{song},"status":{status},'
                f'"ts":{ts},{user.tail}}}'
            )
            events.append((ts, line))
            ts += pause
        return events

    def _signed_out(
        self, rng: random.Random, session: int, ts: int, end: int, room: int
    ) -> list[tuple[int, str]]:
        events: list[tuple[int, str]] = []
        for item in range(min(1 + int(rng.random() * 3), room)):
            if ts >= end:
                break
            page, method, status = SIGNED_OUT_PAGES[int(rng.random() * len(SIGNED_OUT_PAGES))]
            level = "paid" if rng.random() < 0.3 else "free"
            line = (
                '{"artist":null,"auth":"Logged Out","firstName":null,"gender":null,'
                f'"itemInSession":{item},"lastName":null,"length":null,"level":"{level}",'
                f'"location":null,"method":"{method}","page":"{page}","registration":null,'
                f'"sessionId":{session},"song":null,"status":{status},"ts":{ts},'
                '"userAgent":null,"userId":""}'
            )
            events.append((ts, line))
            ts += 1000 + int(rng.random() * 60_000)
        return events

    def _play(self, rng: random.Random) -> _Play:
        kind = rng.random()
        if kind < MATCHED + NEARLY_MATCHED:
            play = self._known[int(rng.random() * rng.random() * len(self._known))]
            if kind < MATCHED:
                return play
            other = round(float(play.length) + 0.5 + rng.random() * 20, 5)
            return _Play(play.artist, play.title, repr(other))
        return self._unknown[int(rng.random() * rng.random() * len(self._unknown))]


def day_path(day: int) -> str:
    """Name the file of day number `day`, from 0."""
    when = FIRST_DAY + timedelta(days=day)
    return f"log-data/{when:%Y/%m/%Y-%m-%d}-events.json"


def _user(rng: random.Random, number: int, days: int) -> _User:
    gender = "F" if rng.random() < 0.55 else "M"
    town = names.PLACES[int(rng.random() * len(names.PLACES))][0]
    agent = names.pick(rng, names.USER_AGENTS)
    start = _epoch_ms(FIRST_DAY)
    first = "paid" if rng.random() < 0.25 else "free"
    # One in four changes level during the logs, the others keep theirs.
    changing = rng.random() < 0.25
    second = ("free" if first == "paid" else "paid") if changing else first
    return _User(
        head=f'"auth":"Logged In","firstName":{_encode(names.pick(rng, names.FIRST_NAMES))},'
        f'"gender":"{gender}","itemInSession":',
        middle=f'"lastName":{_encode(names.pick(rng, names.LAST_NAMES))},"length":',
        location=f'"location":{_encode(town)}',
        registration=f'"registration":{start - 1 - int(rng.random() * 90 * DAY_MS)}.0',
        tail=f'"userAgent":{_encode(agent)},"userId":"{number}"',
        levels=(first, second),
        changes=start + int(rng.random() * days * DAY_MS),
    )


def _unknown_play(rng: random.Random) -> _Play:
    return _Play(
        _encode(names.artist_name(rng)),
        _encode(names.title(rng)),
        repr(round(60 + rng.random() * 420, 5)),
    )


def _epoch_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _encode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
