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
    """The plays with song_id and artist_id of their song; null where no song matches."""
    columns = plays.columns
    candidates = songs.select(
        F.col("song_id").alias("candidate"),
        F.col("artist_name").alias("artist"),
        F.col("title").alias("song"),
        "duration",
    )
    chosen = (
        plays.select("songplay_id", "artist", "song", "length")
        .join(candidates, ["artist", "song"])
        .groupBy("songplay_id")
        .agg(
            F.coalesce(
                F.min(F.when(F.col("duration") == F.col("length"), F.col("candidate"))),
                F.min("candidate"),
            ).alias("chosen_song")
        )
    )
    known = songs.select(
        F.col("song_id").alias("chosen_song"), F.col("artist_id").alias("chosen_artist")
    )
    matched = plays.drop("song_id", "artist_id").join(
        chosen.join(known, "chosen_song"), "songplay_id", "left"
    )
    return matched.withColumnsRenamed(
        {"chosen_song": "song_id", "chosen_artist": "artist_id"}
    ).select(*columns)


def affected(plays: DataFrame, songs: DataFrame) -> DataFrame:
    """The plays whose names are those of any of the songs: their match may be another now."""
    names = songs.select(
        F.col("artist_name").alias("artist"), F.col("title").alias("song")
    ).distinct()
    return plays.join(names, ["artist", "song"], "left_semi").select(*plays.columns)
