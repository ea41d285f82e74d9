"""The bronze tables as plain data: names, columns, keys, partitions.

Folders, crawler targets and catalog names all follow TABLE_NAMES. No Spark import here, so that the
Pulumi program can read the list too.
"""

from __future__ import annotations

from dataclasses import dataclass

Column = tuple[str, str]
"""A column's name and its Spark SQL type."""

LINEAGE: tuple[Column, ...] = (
    ("source_modified", "timestamp"),
    ("source_path", "string"),
    ("source_etag", "string"),
    ("record_hash", "string"),
)
"""Where a row comes from. Compared left to right, it is also the row's rank: the newest wins."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One Delta table of the bronze zone.

    `rank` orders two rows of one key: the greater, compared column by column, is the row to keep.
    `schema_version` is kept in the table's properties: raise it with every column that is added or
    widened, and the next run migrates the tables that are there (`spark/schema.py`).
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rank: tuple[str, ...] = ()
    partitioned_by: tuple[str, ...] = ()
    schema_version: int = 1

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in the table's order."""
        return tuple(name for name, _ in self.columns)

    @property
    def ddl(self) -> str:
        """The columns as Spark SQL writes them: `name type, name type`."""
        return ", ".join(f"`{name}` {kind}" for name, kind in self.columns)


_LINEAGE_RANK = tuple(name for name, _ in LINEAGE)

SONGS = Table(
    name="songs",
    columns=(
        ("song_id", "string"),
        ("title", "string"),
        ("artist_id", "string"),
        ("artist_name", "string"),
        ("year", "int"),
        ("duration", "double"),
        *LINEAGE,
    ),
    key=("song_id",),
    rank=_LINEAGE_RANK,
)

ARTISTS = Table(
    name="artists",
    columns=(
        ("artist_id", "string"),
        ("artist_name", "string"),
        ("artist_location", "string"),
        ("artist_latitude", "double"),
        ("artist_longitude", "double"),
        *LINEAGE,
    ),
    key=("artist_id",),
    rank=_LINEAGE_RANK,
)

USERS = Table(
    name="users",
    columns=(
        ("user_id", "string"),
        ("first_name", "string"),
        ("last_name", "string"),
        ("gender", "string"),
        ("level", "string"),
        ("event_ts", "bigint"),
        *LINEAGE,
    ),
    key=("user_id",),
    rank=("event_ts", *_LINEAGE_RANK),
)

TIME = Table(
    name="time",
    columns=(
        ("start_time", "timestamp"),
        ("hour", "int"),
        ("day", "int"),
        ("week", "int"),
        ("month", "int"),
        ("year", "int"),
        ("weekday", "int"),
    ),
    key=("start_time",),
)

SONGPLAYS = Table(
    name="songplays",
    columns=(
        ("songplay_id", "string"),
        ("start_time", "timestamp"),
        ("user_id", "string"),
        ("level", "string"),
        ("song_id", "string"),
        ("artist_id", "string"),
        ("session_id", "bigint"),
        ("item_in_session", "bigint"),
        ("artist", "string"),
        ("song", "string"),
        ("length", "double"),
        ("location", "string"),
        ("user_agent", "string"),
        ("year", "int"),
        ("month", "int"),
        *LINEAGE,
    ),
    key=("songplay_id",),
    rank=_LINEAGE_RANK,
    partitioned_by=("year", "month"),
)

QUARANTINED_RECORDS = Table(
    name="quarantined_records",
    columns=(
        ("source_path", "string"),
        ("source_etag", "string"),
        ("source_modified", "timestamp"),
        ("record_hash", "string"),
        ("raw", "string"),
        ("reasons", "array<string>"),
        ("occurrences", "bigint"),
        ("contract_version", "int"),
        ("run_id", "string"),
        ("quarantined_at", "timestamp"),
    ),
    key=("source_path", "source_etag", "source_modified", "record_hash"),
)

INGESTED_FILES = Table(
    name="ingested_files",
    columns=(
        ("source_path", "string"),
        ("source_etag", "string"),
        ("source_modified", "timestamp"),
        ("size", "bigint"),
        ("status", "string"),
        ("records_read", "bigint"),
        ("kept", "bigint"),
        ("ignored", "bigint"),
        ("quarantined", "bigint"),
        ("duplicates", "bigint"),
        ("error", "string"),
        ("attempts", "int"),
        ("contract_version", "int"),
        ("run_id", "string"),
        ("batch", "string"),
        ("ingested_at", "timestamp"),
        ("from_quarantine", "bigint"),
    ),
    key=("source_path", "source_etag", "source_modified"),
    schema_version=2,
)
"""`from_quarantine` counts the records that a newer contract took from the quarantine's text, their
object being gone; null where all that the tables have was read from the object."""

TABLES: tuple[Table, ...] = (
    SONGS,
    ARTISTS,
    USERS,
    TIME,
    SONGPLAYS,
    QUARANTINED_RECORDS,
    INGESTED_FILES,
)

TABLE_NAMES: tuple[str, ...] = tuple(table.name for table in TABLES)
"""Every table of the bronze zone; the folder of a table under the zone bears its name."""
