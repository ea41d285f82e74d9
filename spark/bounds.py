"""Literal bounds: where in a table the rows of a batch can be.

What a run does must not grow with what the tables already have. An engine leaves out the partitions
and files that a condition of literals rules out, and only of literals it knows that in advance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import DataFrame

_AND_MONTHS = " AND ("
_MAX_LISTED_PARTITIONS = 240
"""Months named one by one in a condition: twenty years. Beyond, moments alone narrow it."""


def of_paths(paths: Iterable[str]) -> str:
    """SQL over the table `t`: its source lies between the first and the last of these paths.

    By folder of the landing zone, or a batch of songs and logs would reach over all between them.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault("/".join(path.split("/")[:4]), []).append(path)
    spans = [
        f"t.source_path BETWEEN {_text(min(own))} AND {_text(max(own))}" for own in folders.values()
    ]
    return f"({' OR '.join(spans)})" if spans else "false"


def of_plays(rows: DataFrame) -> str | None:
    """SQL: where in songplays the keys of these rows can be; None when there are no rows.

    A play's time is part of its key. So the table's rows lie in the same months, between the same
    moments.
    """
    per_month = rows.groupBy("year", "month").agg(
        F.expr("unix_micros(min(start_time))").alias("first"),
        F.expr("unix_micros(max(start_time))").alias("last"),
    )
    months = per_month.collect()
    if not months:
        return None
    first, last = min(row["first"] for row in months), max(row["last"] for row in months)
    between = f"t.start_time BETWEEN timestamp_micros({first}) AND timestamp_micros({last})"
    if len(months) > _MAX_LISTED_PARTITIONS:
        return between
    pairs = sorted((row["year"], row["month"]) for row in months)
    named = " OR ".join(f"(t.year = {year} AND t.month = {month})" for year, month in pairs)
    return f"{between}{_AND_MONTHS}{named})"


def whole_months(place: str) -> str:
    """The condition of `of_plays` without its moments; any other as it is."""
    _, found, months = place.partition(_AND_MONTHS)
    return f"({months}" if found else place


def of_moments(records: DataFrame) -> str:
    """SQL over the table `t`: its start lies between the first and the last play of the records."""
    first, last = records.agg(F.min("ts"), F.max("ts")).collect()[0]
    if first is None:
        return "false"
    return f"t.start_time BETWEEN timestamp_millis({first}) AND timestamp_millis({last})"


def _text(value: str) -> str:
    """A key as a literal of SQL; it may hold any character."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
