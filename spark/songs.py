"""Song records become rows of songs and artists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark.ranking import first_ranked
from spark.tables import ARTISTS, SONGS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def songs(records: DataFrame) -> DataFrame:
    """Rows of `songs`: the newest record of each song."""
    rows = records.withColumn("year", F.col("year").cast("int")).select(*SONGS.column_names)
    return first_ranked(rows, SONGS.key, SONGS.rank)


def artists(records: DataFrame) -> DataFrame:
    """Rows of `artists`: the newest record of each artist, the whole row from one record."""
    return first_ranked(records.select(*ARTISTS.column_names), ARTISTS.key, ARTISTS.rank)
