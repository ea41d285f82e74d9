"""Records as they land: songs and plays by number, each number another one."""

from __future__ import annotations

from typing import Any


def song(number: int, **changes: object) -> dict[str, Any]:
    """A song record as it lands, number by number another one."""
    return {
        "num_songs": 1,
        "artist_id": f"AR{number % 5}",
        "artist_latitude": None if number % 2 else 35.14968,
        "artist_longitude": None if number % 2 else -90.04892,
        "artist_location": "Memphis, TN",
        "artist_name": f"Artist {number % 5}",
        "song_id": f"SO{number:04d}",
        "title": f'Title "{number}" é',
        "duration": 200.25 + number,
        "year": 1990 + number % 30,
    } | changes


def play(number: int, **changes: object) -> dict[str, Any]:
    """A log record of a play of song `number` as it lands, at another second each."""
    of = song(number)
    return {
        "artist": of["artist_name"],
        "auth": "Logged In",
        "firstName": "Zoë",
        "gender": "F",
        "itemInSession": number,
        "lastName": "O'Hara",
        "length": of["duration"],
        "level": "free",
        "location": "Lansing, MI",
        "method": "PUT",
        "page": "NextSong",
        "registration": 1540919166796.0,
        "sessionId": 38,
        "song": of["title"],
        "status": 200,
        "ts": 1541105830796 + number * 1000,
        "userAgent": '"Mozilla/5.0"',
        "userId": str(number % 3),
    } | changes
