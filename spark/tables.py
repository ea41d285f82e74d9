"""The one list of bronze tables: folders, crawler targets and catalog names all follow it.

Plain data without any Spark import, so that the Pulumi program can read it too.
"""

from __future__ import annotations

TABLE_NAMES: tuple[str, ...] = (
    "songs",
    "artists",
    "users",
    "time",
    "songplays",
    "quarantined_records",
    "ingested_files",
)
"""Every table of the bronze zone; the folder of a table under the zone bears its name."""
