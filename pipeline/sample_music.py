"""The sample's song files: `song-data/A/B/C/TRABC....json`, one object each."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from pipeline import sample_names as names


@dataclass(frozen=True)
class Song:
    """A song as its file describes it, and the path of that file."""

    path: str
    document: dict[str, object]

    @property
    def line(self) -> str:
        """The file's content."""
        return json.dumps(self.document, ensure_ascii=False)

    @property
    def artist(self) -> str:
        """The artist's name."""
        return str(self.document["artist_name"])

    @property
    def title(self) -> str:
        """The song's title."""
        return str(self.document["title"])

    @property
    def duration(self) -> str:
        """The song's length in seconds, as JSON writes it."""
        return json.dumps(self.document["duration"])


@dataclass(frozen=True)
class _Artist:
    id: str
    name: str
    place: names.Place


def songs(count: int, seed: int) -> list[Song]:
    """Invent `count` songs; about four in ten share their artist with another one."""
    rng = random.Random(f"{seed}/songs")  # noqa: S311
    artists = [_artist(rng) for _ in range(max(1, count * 6 // 10))]
    taken: set[str] = set()
    latest: dict[str, Song] = {}
    made: list[Song] = []
    for number in range(count):
        # The first songs introduce the artists, the others favour the early ones.
        position = number if number < len(artists) else int(rng.random() ** 2 * len(artists))
        artist = artists[position]
        made.append(_song(rng, artist, latest.get(artist.id), taken))
        latest[artist.id] = made[-1]
    return made


def _artist(rng: random.Random) -> _Artist:
    return _Artist(names.identifier(rng, "AR"), names.artist_name(rng), names.place(rng))


def _song(rng: random.Random, artist: _Artist, before: Song | None, taken: set[str]) -> Song:
    track = _new_identifier(rng, "TR", taken)
    song_id = _new_identifier(rng, "SO", taken)
    where = artist.place
    title = names.title(rng)
    if before is not None and rng.random() < 0.05:
        title = before.title  # The same title twice by one artist, of different length.
    spelling = artist.name
    if rng.random() < 0.03:
        spelling = f"{artist.name} feat. {names.word(rng)}"
    if rng.random() < 0.05:
        where = names.Place(where.name, None, None)  # The sources disagree now and then.
    return Song(
        f"song-data/{track[2]}/{track[3]}/{track[4]}/{track}.json",
        {
            "num_songs": 1,
            "artist_id": artist.id,
            "artist_latitude": where.latitude,
            "artist_longitude": where.longitude,
            "artist_location": where.name,
            "artist_name": spelling,
            "song_id": song_id,
            "title": title,
            "duration": round(60 + rng.random() * 420, 5),
            "year": 0 if rng.random() < 0.45 else 1960 + int(rng.random() * 58),
        },
    )


def _new_identifier(rng: random.Random, prefix: str, taken: set[str]) -> str:
    while (made := names.identifier(rng, prefix)) in taken:
        pass
    taken.add(made)
    return made
