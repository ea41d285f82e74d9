"""Brings a staged batch into the tables, from the stage and the tables alone.

Songplays come before songs: which plays a changed song concerns is told from the old songs, so a
crash between the two commits is repeated, not forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds, plays, songs, spans, stage
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
    has_plays = spans.of_plays(seen) != []
    log_records = _records(bronze, processing, seen, LOG_SOURCE) if has_plays else None
    stage_root = f"{processing}/runs/{seen.batch}"
    again = seen.is_again
    keep(bronze, processing, seen)
    if song_records is None:
        _songplays(bronze, stage_root, seen, log_records, bronze.read(SONGS))
    else:
        of_songs = _songs(bronze, stage_root, song_records, again=again)
        known_plays = not bronze.is_empty(SONGPLAYS)
        _songplays(bronze, stage_root, seen, log_records, of_songs.catalog)
        if known_plays:
            _rematch(bronze, stage_root, of_songs.concerned, of_songs.catalog)
        _upsert(bronze, SONGS, of_songs.changed, again=again)
        _upsert(bronze, ARTISTS, songs.artists(song_records), again=again)
    if log_records is not None:
        last = stage.latest_records(bronze.spark, processing, seen, LOG_SOURCE)
        _upsert(bronze, USERS, plays.users(last), again=again)
        _time(bronze, seen, log_records)
    if again:
        release(bronze, processing, seen)


def _records(bronze: Bronze, processing: str, seen: Manifest, source: Source) -> DataFrame | None:
    if not seen.has(source.name):
        return None
    files = stage.files(processing, seen, source)
    return stage.good_records(bronze.spark, source, files, seen.refused)


@dataclass(frozen=True)
class _Songs:
    """What a batch does to the songs."""

    changed: DataFrame
    """Rows that are new or other than they were."""
    concerned: DataFrame
    """These, and those whose place they take."""
    catalog: DataFrame
    """All songs as they will be."""


def _songs(bronze: Bronze, stage_root: str, records: DataFrame, *, again: bool) -> _Songs:
    rows, path = songs.songs(records), f"{stage_root}/changed_songs"
    if bronze.is_empty(SONGS):
        changed = _staged(bronze, rows, SONGS, path)
        return _Songs(changed, changed, changed)
    current = bronze.read(SONGS)
    changed = _staged(bronze, winners(rows, current, SONGS, again=again), SONGS, path)
    replaced = current.join(changed, [*SONGS.key], "left_semi")
    untouched = current.join(changed, [*SONGS.key], "left_anti")
    return _Songs(changed, changed.unionByName(replaced), untouched.unionByName(changed))


def _time(bronze: Bronze, seen: Manifest, records: DataFrame) -> None:
    """Add the starts that are new: a row is a function of its key, by one contract."""
    starts = plays.time(records)
    if bronze.is_empty(TIME):
        bronze.append(TIME, starts)
    elif where := _where(seen, starts):
        if seen.is_again:
            bronze.merge(TIME, starts, update_when=differs(TIME), only=where)
        else:
            known = bronze.read(TIME).alias("t").where(where).select(*TIME.key)
            bronze.append(TIME, starts.join(known, [*TIME.key], "left_anti"))


def _where(seen: Manifest, rows: DataFrame) -> str | None:
    """SQL: where in songplays or `time` the batch's keys can be; None where it has none.

    `rows` are the batch's rows for that table: asked only where the manifest does not tell enough.
    """
    of_plays = spans.of_plays(seen)
    told = None if of_plays is None else bounds.of_spans(of_plays)
    return told or bounds.of_plays(rows)


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
    seen: Manifest,
    records: DataFrame | None,
    catalog: DataFrame,
) -> None:
    """Commit the batch's plays, matched with the songs as they will be."""
    if records is None:
        return
    every = plays.songplays(records, [])  # repeated keys are keys as well
    where = "true" if bronze.is_empty(SONGPLAYS) else _where(seen, every)
    if where is None:
        return
    rows = match(plays.songplays(records, spans.of_repeats(seen)), catalog)
    if bronze.knows(SONGPLAYS, every, where=where):
        rows = _staged(bronze, rows, SONGPLAYS, f"{stage_root}/songplays")
        update_when = replaces(SONGPLAYS, again=seen.is_again)
        bronze.merge(SONGPLAYS, rows, update_when=update_when, only=where)
    else:
        bronze.append(SONGPLAYS, rows, where=where)


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
