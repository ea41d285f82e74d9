"""What a record must look like: the fields of each source, their types, ranges and keys.

Raise CONTRACT_VERSION with every change: quarantined records remember which contract refused them.
Numbers and true or false are taken for a text too, arrays and objects are not (since version 2);
a number is its digits, as they were written, and one parser judges on all engines (since 3).
Ranges keep what both engines can store without wrapping: a play's time lies in the years 2000 to
2099, whole numbers fit 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CONTRACT_VERSION = 3

Kind = Literal["text", "integer", "decimal"]

PLAY_PAGE = "NextSong"
"""The one page of the event log that is a play."""

MILLISECONDS_2000 = 946_684_800_000
MILLISECONDS_2100 = 4_102_444_800_000


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a source: its JSON name, the column it becomes, and what it may hold.

    `required` fields must be there and, trimmed, not be empty. `minimum` and `maximum` are
    inclusive and hold for numbers.
    """

    name: str
    column: str
    kind: Kind = "text"
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of input: the landing folders where it lies and the contract of its records.

    Good records are kept or, where `kept_only` does not hold, ignored.
    `key` names the columns that identify a kept record; a kept record needs all of them.
    """

    name: str
    folders: tuple[str, ...]
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    moment: str | None = None
    """The column of the key that says when, in milliseconds since 1970; None: there is none."""
    latest_of: str | None = None
    """The column of the key of which a table has what its latest record, by `moment`, says; None:
    there is no such table."""
    kept_only: tuple[str, str] | None = None
    """The column and the value that a record must have to be kept; None: all are."""
    unused: tuple[tuple[str, Kind], ...] = ()
    """Fields that are known and that no table has, with what they hold as a rule; that they do is
    not asked of a record. Any other field is drift."""


SONG_SOURCE = Source(
    name="songs",
    folders=("song-data/", "song_data/"),
    fields=(
        Field(name="song_id", column="song_id", required=True),
        Field(name="title", column="title"),
        Field(name="artist_id", column="artist_id", required=True),
        Field(name="artist_name", column="artist_name"),
        Field(name="artist_location", column="artist_location"),
        Field(
            name="artist_latitude",
            column="artist_latitude",
            kind="decimal",
            minimum=-90,
            maximum=90,
        ),
        Field(
            name="artist_longitude",
            column="artist_longitude",
            kind="decimal",
            minimum=-180,
            maximum=180,
        ),
        Field(name="year", column="year", kind="integer", minimum=0, maximum=9999),
        Field(name="duration", column="duration", kind="decimal", minimum=0, maximum=1_000_000_000),
    ),
    key=("song_id",),
    unused=(("num_songs", "integer"),),
)

LOG_SOURCE = Source(
    name="logs",
    folders=("log-data/", "log_data/"),
    fields=(
        Field(name="page", column="page", required=True),
        Field(name="userId", column="user_id"),
        Field(name="firstName", column="first_name"),
        Field(name="lastName", column="last_name"),
        Field(name="gender", column="gender"),
        Field(name="level", column="level"),
        Field(name="sessionId", column="session_id", kind="integer", minimum=0, maximum=2**63 - 1),
        Field(
            name="itemInSession",
            column="item_in_session",
            kind="integer",
            minimum=0,
            maximum=2**63 - 1,
        ),
        Field(
            name="ts",
            column="ts",
            kind="integer",
            minimum=MILLISECONDS_2000,
            maximum=MILLISECONDS_2100 - 1,
        ),
        Field(name="artist", column="artist"),
        Field(name="song", column="song"),
        Field(name="length", column="length", kind="decimal", minimum=0, maximum=1_000_000_000),
        Field(name="location", column="location"),
        Field(name="userAgent", column="user_agent"),
    ),
    key=("user_id", "session_id", "item_in_session", "ts"),
    moment="ts",
    latest_of="user_id",
    unused=(
        ("auth", "text"),
        ("method", "text"),
        ("registration", "decimal"),
        ("status", "integer"),
    ),
    kept_only=("page", PLAY_PAGE),
)

SOURCES: tuple[Source, ...] = (SONG_SOURCE, LOG_SOURCE)
