"""Which song a play played: a function of the play's names and length, and the songs as they are.

A song matches when its artist's name and its title are the play's, letter by letter. Of several,
one of the very same duration comes first, then the lowest song_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def match(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """The plays with song_id and artist_id of their song; null where no song matches.

    What a name means is decided among the songs: of the plays nothing has to be brought together,
    and where the songs are few the engine hands them to every task instead of moving the plays.
    """
    columns = plays.columns
    candidates = songs.select(
        F.col("artist_name").alias("artist"),
        F.col("title").alias("song"),
        F.col("duration").alias("length"),
        F.struct("song_id", "artist_id").alias("candidate"),
    )
    names = ["artist", "song"]
    same_length = candidates.groupBy(*names, "length").agg(F.min("candidate").alias("_same_length"))
    first = candidates.groupBy(*names).agg(F.min("candidate").alias("_first"))
    matched = (
        plays.drop("song_id", "artist_id")
        .join(same_length, [*names, "length"], "left")
        .join(first, names, "left")
        .withColumn("_chosen", F.coalesce("_same_length", "_first"))
        .withColumns({name: F.col(f"_chosen.{name}") for name in ("song_id", "artist_id")})
    )
    return matched.select(*columns)


def affected(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """The plays whose names are those of any of the songs: their match may be another now."""
    names = songs.select(
        F.col("artist_name").alias("artist"), F.col("title").alias("song")
    ).distinct()
    return plays.join(names, ["artist", "song"], "left_semi").select(*plays.columns)
