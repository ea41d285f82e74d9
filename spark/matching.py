"""Which song a play played: a function of the play's names and length, and the songs as they are.

A song matches when its artist's name and its title are the play's, letter by letter. Of several,
one of the very same duration comes first, then the lowest song_id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_NO_LENGTH = -1.0
"""Stands for a missing length where lengths are joined: the contract allows none below zero."""


def match(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """The plays with song_id and artist_id of their song; null where no song matches.

    Decided once for each distinct (artist, song, length): plays repeat songs, that is what they do.
    """
    columns = plays.columns
    length = F.coalesce("length", F.lit(_NO_LENGTH)).alias("_length")
    candidates = songs.select(
        F.col("song_id").alias("candidate"),
        F.col("artist_name").alias("artist"),
        F.col("title").alias("song"),
        "duration",
    )
    chosen = (
        plays.select("artist", "song", length)
        .distinct()
        .join(candidates, ["artist", "song"])
        .groupBy("artist", "song", "_length")
        .agg(
            F.coalesce(
                F.min(F.when(F.col("duration") == F.col("_length"), F.col("candidate"))),
                F.min("candidate"),
            ).alias("song_id")
        )
    )
    known = songs.select("song_id", "artist_id")
    matched = (
        plays.drop("song_id", "artist_id")
        .select("*", length)
        .join(chosen.join(known, "song_id"), ["artist", "song", "_length"], "left")
    )
    return matched.select(*columns)


def affected(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """The plays whose names are those of any of the songs: their match may be another now."""
    names = songs.select(
        F.col("artist_name").alias("artist"), F.col("title").alias("song")
    ).distinct()
    return plays.join(names, ["artist", "song"], "left_semi").select(*plays.columns)
