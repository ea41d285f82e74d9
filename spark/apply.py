"""Brings a staged batch into the tables, from the stage and the tables alone.

Songplays come before songs: which plays a changed song concerns is told from the old songs, so a
crash between the two commits is repeated, not forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import plays, songs, stage
from spark.contract import LOG_SOURCE, SONG_SOURCE, Source
from spark.matching import affected, match
from spark.ranking import greater, newest, winners
from spark.tables import ARTISTS, QUARANTINED_RECORDS, SONGPLAYS, SONGS, TIME, USERS, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark.delta import Bronze
    from spark.manifest import Manifest

_MAX_LISTED_PARTITIONS = 240
"""Months named one by one in a MERGE's condition: twenty years. Beyond, all partitions are read."""


def apply(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Commit what the batch brings to every table. May be repeated after a crash at any point."""
    song_records = _records(bronze, processing, seen, SONG_SOURCE)
    log_records = _records(bronze, processing, seen, LOG_SOURCE)
    _quarantine(bronze, processing, seen)
    new_songs = None if song_records is None else songs.songs(song_records)
    _songplays(bronze, log_records, new_songs)
    if song_records is not None and new_songs is not None:
        _upsert(bronze, SONGS, new_songs)
        _upsert(bronze, ARTISTS, songs.artists(song_records))
    if log_records is not None:
        _upsert(bronze, USERS, plays.users(log_records))
        starts = plays.time(log_records)
        known = bronze.read(TIME).select(*TIME.key)
        bronze.append(TIME, starts.join(known, [*TIME.key], "left_anti"))


def _records(bronze: Bronze, processing: str, seen: Manifest, source: Source) -> DataFrame | None:
    if not seen.has(source.name):
        return None
    path = stage.folder(processing, seen.batch, source)
    return stage.good_records(bronze.spark, path, seen.refused)


def _upsert(bronze: Bronze, table: Table, rows: DataFrame) -> None:
    """Append to an empty table, else merge by rank."""
    if bronze.is_empty(table):
        bronze.append(table, rows)
    else:
        bronze.merge(table, rows, update_when=greater(table.rank))


def _songplays(bronze: Bronze, records: DataFrame | None, new_songs: DataFrame | None) -> None:
    """Commit the batch's plays, and all earlier plays that its songs match differently."""
    catalog = bronze.read(SONGS)
    first = bronze.is_empty(SONGPLAYS)
    rows = None if records is None else plays.songplays(records)
    if new_songs is not None:
        changed = winners(new_songs, catalog, SONGS)
        replaced = catalog.join(changed, [*SONGS.key], "left_semi")
        if not first:
            concerned = affected(bronze.read(SONGPLAYS), changed, replaced)
            rows = concerned if rows is None else rows.unionByName(concerned)
            rows = newest(rows, SONGPLAYS.key, SONGPLAYS.rank)
        catalog = catalog.join(changed, [*SONGS.key], "left_anti").unionByName(changed)
    if rows is None:
        return
    matched = match(rows, catalog)
    if first:
        bronze.append(SONGPLAYS, matched)
        return
    rank_equal = " AND ".join(f"s.{name} = t.{name}" for name in SONGPLAYS.rank)
    rematched = "NOT (s.song_id <=> t.song_id AND s.artist_id <=> t.artist_id)"
    bronze.merge(
        SONGPLAYS,
        matched,
        update_when=f"({greater(SONGPLAYS.rank)}) OR ({rank_equal} AND {rematched})",
        only=_partitions(rows),
    )


def _partitions(rows: DataFrame) -> str:
    """SQL: the literal partitions that the rows lie in, so that MERGE reads no others."""
    months = rows.select("year", "month").distinct().limit(_MAX_LISTED_PARTITIONS + 1).collect()
    if len(months) > _MAX_LISTED_PARTITIONS:
        return "t.year = s.year AND t.month = s.month"
    listed = " OR ".join(
        f"(t.year = {year} AND t.month = {month})" for year, month in sorted(map(tuple, months))
    )
    return f"t.year = s.year AND t.month = s.month AND ({listed or 'false'})"


def _quarantine(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Keep the batch's bad records, each distinct one of an object version once, with its count."""
    for source in (SONG_SOURCE, LOG_SOURCE):
        if not any(e.source == source.name and e.quarantined for e in seen.entries):
            continue
        path = stage.folder(processing, seen.batch, source)
        rows = (
            stage.bad_records(bronze.spark, path, seen.refused)
            .groupBy(*QUARANTINED_RECORDS.key)
            .agg(
                F.min("raw").alias("raw"),
                F.first("reasons").alias("reasons"),
                F.count(F.lit(1)).alias("occurrences"),
            )
            .withColumns(
                {
                    "contract_version": F.lit(seen.contract_version),
                    "run_id": F.lit(seen.run_id),
                    "quarantined_at": F.current_timestamp(),
                }
            )
        )
        bronze.merge(QUARANTINED_RECORDS, rows, update_when=None)
