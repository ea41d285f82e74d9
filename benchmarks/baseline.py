"""Contender (a): the five tables the way the job that this project replaced made them.

Written anew in that style: schemas inferred from the data, Python functions for the time columns,
songplay numbers from one global window, every table overwritten whole, every run everything again.
No ledger, no quarantine, no lineage, no accounts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses
from pyspark.sql.types import StringType, TimestampType

from benchmarks.landing import BUCKET
from spark.steps import Steps

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def run(session: SparkSession, lake: str) -> dict[str, float]:
    """Make every table from everything in the landing zone; the seconds of each step."""
    steps = Steps()
    with steps("read songs"):
        records = _read(session, "song-data")
    with steps("write songs"):
        songs = records.select("song_id", "title", "artist_id", "year", "duration")
        _write(songs.dropDuplicates(["song_id"]), lake, "songs", "year")
    with steps("write artists"):
        artists = records.select(
            "artist_id", "artist_name", "artist_location", "artist_latitude", "artist_longitude"
        )
        _write(artists.dropDuplicates(["artist_id"]), lake, "artists")
    with steps("read logs"):
        plays = _read(session, "log-data").where(F.col("page") == "NextSong")
    with steps("write users"):
        users = plays.select("userId", "firstName", "lastName", "gender", "level")
        _write(users.dropDuplicates(["userId"]), lake, "users")
    moment = F.udf(lambda ms: datetime.fromtimestamp(ms / 1000, UTC), TimestampType())
    weekday = F.udf(lambda ms: datetime.fromtimestamp(ms / 1000, UTC).strftime("%A"), StringType())
    plays = plays.withColumn("start_time", moment("ts")).withColumn("weekday", weekday("ts"))
    plays = plays.withColumn("year", F.year("start_time")).withColumn(
        "month", F.month("start_time")
    )
    with steps("write time"):
        time = plays.select(
            "start_time",
            F.hour("start_time").alias("hour"),
            F.dayofmonth("start_time").alias("day"),
            F.weekofyear("start_time").alias("week"),
            "month",
            "year",
            "weekday",
        )
        _write(time.dropDuplicates(["start_time"]), lake, "time", "year", "month")
    with steps("write songplays"):
        known = records.selectExpr(
            "title as song", "artist_name as artist", "song_id", "artist_id"
        ).dropDuplicates(["song", "artist"])
        joined = plays.join(known, ["song", "artist"], "left").withColumn(
            "songplay_id", F.row_number().over(Window.orderBy("start_time"))
        )
        columns = "songplay_id start_time userId level song_id artist_id sessionId location "
        columns += "userAgent year month"
        _write(joined.select(*columns.split()), lake, "songplays", "year", "month")
    return steps.as_json()


def _read(session: SparkSession, folder: str) -> DataFrame:
    reader = session.read.option("recursiveFileLookup", "true")
    return reader.json(f"s3://{BUCKET}/{folder}/")


def _write(rows: DataFrame, lake: str, table: str, *partitions: str) -> None:
    writer = rows.write.format("delta").mode("overwrite").partitionBy(*partitions)
    writer.save(f"s3://{lake}/bronze/{table}")
