"""Log records of plays become rows of songplays, users and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds
from spark.contract import LOG_SOURCE
from spark.ranking import first_ranked, newest
from spark.tables import SONGPLAYS, TIME, USERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from spark.spans import Span

_SEPARATOR = "\u001f"
"""Unit separator between the parts of a key: no trimmed user id ends with it."""

_INTEGER_PARTS = ("session_id", "item_in_session", "ts")


def songplays(records: DataFrame, repeats: Sequence[Span] | None) -> DataFrame:
    """Rows of `songplays` without a song yet: song_id and artist_id are null.

    The id is the sha2-256 of the play's key, its parts in canonical form. Two records have one key
    only within `repeats`, as in `spans.of_repeats`; None: anywhere.
    """
    key = F.concat_ws(
        _SEPARATOR, "user_id", *(F.col(part).cast("string") for part in _INTEGER_PARTS)
    )
    start = F.expr("timestamp_millis(ts)")
    rows = _newest(records, repeats).withColumns(
        {
            "songplay_id": F.sha2(key, 256),
            "start_time": start,
            "song_id": F.lit(None).cast("string"),
            "artist_id": F.lit(None).cast("string"),
            "year": F.year(start),
            "month": F.month(start),
        }
    )
    return rows.select(*SONGPLAYS.column_names)


def _newest(records: DataFrame, repeats: Sequence[Span] | None) -> DataFrame:
    if repeats == []:
        return records
    within = "true" if repeats is None else bounds.in_spans("ts", repeats)
    return newest(records, LOG_SOURCE.key, SONGPLAYS.rank, within=within)


def users(records: DataFrame) -> DataFrame:
    """Rows of `users`: what each user's newest play, by event time, says of the user.

    Of the plays it is enough to give the latest. All but those of each user's last moment are left
    out before the ranking: few remain.
    """
    rows = records.withColumn("event_ts", F.col("ts")).select(*USERS.column_names)
    last = rows.groupBy(*USERS.key).agg(F.max("event_ts").alias("event_ts"))
    of_last = rows.join(last, [*USERS.key, "event_ts"], "left_semi")
    return first_ranked(of_last, USERS.key, USERS.rank)


def time(records: DataFrame) -> DataFrame:
    """Rows of `time`: the distinct starts of plays and their calendar parts, in UTC.

    `week` is the ISO week; `weekday` counts from Sunday = 1.
    """
    starts = records.select(F.expr("timestamp_millis(ts)").alias("start_time")).distinct()
    return starts.withColumns(
        {
            "hour": F.hour("start_time"),
            "day": F.dayofmonth("start_time"),
            "week": F.weekofyear("start_time"),
            "month": F.month("start_time"),
            "year": F.year("start_time"),
            "weekday": F.dayofweek("start_time"),
        }
    ).select(*TIME.column_names)
