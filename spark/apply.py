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
from spark.ranking import greater, winners
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
    catalog = bronze.read(SONGS)
    if song_records is None:
        _songplays(bronze, log_records, catalog)
    else:
        changed = _changed_songs(bronze, f"{processing}/runs/{seen.batch}", song_records)
        replaced = catalog.join(changed, [*SONGS.key], "left_semi")
        catalog = catalog.join(changed, [*SONGS.key], "left_anti").unionByName(changed)
        known_plays = not bronze.is_empty(SONGPLAYS)
        _songplays(bronze, log_records, catalog)
        if known_plays:
            _rematch(bronze, changed.unionByName(replaced), catalog)
        _upsert(bronze, SONGS, changed)
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


def _changed_songs(bronze: Bronze, stage_root: str, records: DataFrame) -> DataFrame:
    """The batch's songs that are new or newer than the table's, staged: they are read often."""
    path = f"{stage_root}/changed_songs"
    changed = winners(songs.songs(records), bronze.read(SONGS), SONGS)
    changed.write.mode("overwrite").parquet(path)
    return bronze.spark.read.schema(SONGS.ddl).parquet(path)


def _songplays(bronze: Bronze, records: DataFrame | None, catalog: DataFrame) -> None:
    """Commit the batch's plays, matched with the songs as they will be."""
    if records is None:
        return
    rows = match(plays.songplays(records), catalog)
    if bronze.is_empty(SONGPLAYS):
        bronze.append(SONGPLAYS, rows)
    else:
        partitions = _partitions(plays.months(records))
        bronze.merge(SONGPLAYS, rows, update_when=greater(SONGPLAYS.rank), only=partitions)


def _rematch(bronze: Bronze, songs_concerned: DataFrame, catalog: DataFrame) -> None:
    """Match again every play that names a song that changed, as it was or as it is."""
    concerned = affected(bronze.read(SONGPLAYS), songs_concerned)
    months = concerned.select("year", "month").distinct()
    differs = "NOT (s.song_id <=> t.song_id AND s.artist_id <=> t.artist_id)"
    bronze.merge(
        SONGPLAYS, match(concerned, catalog), update_when=differs, only=_partitions(months)
    )


def _partitions(months: DataFrame) -> str:
    """SQL: the literal partitions that the rows lie in, so that MERGE reads no others."""
    listed = months.limit(_MAX_LISTED_PARTITIONS + 1).collect()
    if len(listed) > _MAX_LISTED_PARTITIONS:
        return "t.year = s.year AND t.month = s.month"
    named = " OR ".join(
        f"(t.year = {year} AND t.month = {month})" for year, month in sorted(map(tuple, listed))
    )
    return f"t.year = s.year AND t.month = s.month AND ({named or 'false'})"


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
