"""Brings a staged batch into the tables, from the stage and the tables alone.

Songplays come before songs: which plays a changed song concerns is told from the old songs, so a
crash between the two commits is repeated, not forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds, plays, songs, stage
from spark.contract import LOG_SOURCE, SONG_SOURCE, Source
from spark.matching import affected, match
from spark.quarantine import keep, release
from spark.ranking import differs, replaces, winners
from spark.tables import ARTISTS, SONGPLAYS, SONGS, TIME, USERS, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark.delta import Bronze
    from spark.manifest import Manifest


def apply(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Commit what the batch brings to every table. May be repeated after a crash at any point."""
    song_records = _records(bronze, processing, seen, SONG_SOURCE)
    log_records = _records(bronze, processing, seen, LOG_SOURCE)
    stage_root = f"{processing}/runs/{seen.batch}"
    again = seen.is_again
    keep(bronze, processing, seen)
    catalog = bronze.read(SONGS)
    if song_records is None:
        near = _songplays(bronze, stage_root, log_records, catalog, again=again)
    else:
        new_songs = songs.songs(song_records)
        better = winners(new_songs, catalog, SONGS, again=again)
        changed = _staged(bronze, better, SONGS, f"{stage_root}/changed_songs")
        replaced = catalog.join(changed, [*SONGS.key], "left_semi")
        catalog = catalog.join(changed, [*SONGS.key], "left_anti").unionByName(changed)
        known_plays = not bronze.is_empty(SONGPLAYS)
        near = _songplays(bronze, stage_root, log_records, catalog, again=again)
        if known_plays:
            _rematch(bronze, stage_root, changed.unionByName(replaced), catalog)
        _upsert(bronze, SONGS, changed, again=again)
        _upsert(bronze, ARTISTS, songs.artists(song_records), again=again)
    if log_records is not None:
        _upsert(bronze, USERS, plays.users(log_records), again=again)
        _time(bronze, log_records, near, again=again)
    if again:
        release(bronze, processing, seen)


def _records(bronze: Bronze, processing: str, seen: Manifest, source: Source) -> DataFrame | None:
    if not seen.has(source.name):
        return None
    files = stage.files(processing, seen, source)
    return stage.good_records(bronze.spark, source, files, seen.refused)


def _time(bronze: Bronze, records: DataFrame, near: str | None, *, again: bool) -> None:
    """Add the starts that are new: a row is a function of its key, by one contract.

    `near` is where the plays of the records are, if that is known: there their starts are, too.
    """
    starts = plays.time(records)
    if bronze.is_empty(TIME):
        bronze.append(TIME, starts)
        return
    near = near or bounds.of_moments(records)
    if again:
        bronze.merge(TIME, starts, update_when=differs(TIME), only=near)
    else:
        known = bronze.read(TIME).alias("t").where(near).select(*TIME.key)
        bronze.append(TIME, starts.join(known, [*TIME.key], "left_anti"))


def _upsert(bronze: Bronze, table: Table, rows: DataFrame, *, again: bool) -> None:
    """Append to an empty table, else merge by rank."""
    if bronze.is_empty(table):
        bronze.append(table, rows)
    else:
        bronze.merge(table, rows, update_when=replaces(table, again=again))


def _staged(bronze: Bronze, rows: DataFrame, table: Table, path: str) -> DataFrame:
    """The rows, computed once and kept in the stage: a MERGE reads its source more than once."""
    with bronze.steps(f"prepare {table.name}"):
        rows.select(*table.column_names).write.mode("overwrite").parquet(path)
    return bronze.spark.read.schema(table.ddl).parquet(path)


def _songplays(
    bronze: Bronze,
    stage_root: str,
    records: DataFrame | None,
    catalog: DataFrame,
    *,
    again: bool,
) -> str | None:
    """Commit the batch's plays, matched with the songs as they will be.

    Returns where in the table they are, as `bounds.of_plays`; None where nobody had to know.
    """
    if records is None:
        return None
    rows = match(plays.songplays(records), catalog)
    if bronze.is_empty(SONGPLAYS):
        bronze.append(SONGPLAYS, rows)
        return None
    rows = _staged(bronze, rows, SONGPLAYS, f"{stage_root}/songplays")
    if where := bounds.of_plays(rows):
        bronze.add(SONGPLAYS, rows, update_when=replaces(SONGPLAYS, again=again), where=where)
    return where


def _rematch(
    bronze: Bronze, stage_root: str, songs_concerned: DataFrame, catalog: DataFrame
) -> None:
    """Match again every play that names a song that changed, as it was or as it is."""
    concerned = affected(bronze.read(SONGPLAYS), songs_concerned)
    before = concerned.select(
        "songplay_id", F.col("song_id").alias("old_song"), F.col("artist_id").alias("old_artist")
    )
    other = match(concerned, catalog).join(before, "songplay_id")
    other = other.where("NOT (song_id <=> old_song AND artist_id <=> old_artist)")
    rows = _staged(bronze, other, SONGPLAYS, f"{stage_root}/rematched")
    if where := bounds.of_plays(rows):
        bronze.merge(SONGPLAYS, rows, update_when="true", only=where)
