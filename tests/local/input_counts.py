"""How many rows each table has of a clean input, by SQL alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path


def expected(source: Path) -> dict[str, int]:
    """Count the rows of each table by SQL over the input, without any code of the project."""
    with duckdb.connect() as db:
        db.execute(
            f"""
            SET TimeZone = 'UTC';
            CREATE TABLE s AS SELECT * FROM read_json('{source}/song-data/**/*.json');
            CREATE TABLE p AS SELECT * FROM read_json('{source}/log-data/**/*.json',
                format = 'newline_delimited') WHERE page = 'NextSong';
            """  # noqa: S608 - the path is the test's own
        )
        counts = {
            "songs": "SELECT count(DISTINCT song_id) FROM s",
            "artists": "SELECT count(DISTINCT artist_id) FROM s",
            "users": "SELECT count(DISTINCT userId) FROM p",
            "time": "SELECT count(DISTINCT ts) FROM p",
            "songplays": "SELECT count(DISTINCT (userId, sessionId, itemInSession, ts)) FROM p",
            "ingested_files": f"SELECT count(*) FROM glob('{source}/*-data/**/*.json')",  # noqa: S608
        }
        return {
            "quarantined_records": 0,
            **{name: (db.execute(sql).fetchone() or (0,))[0] for name, sql in counts.items()},
        }
