"""Literal bounds: where in a table the rows of a batch can be.

What a run does must not grow with what the tables already have. An engine leaves out the partitions
and files that a condition of literals rules out, and only of literals it knows that in advance.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyspark.sql import DataFrame

    from spark.spans import Span

Month = tuple[int, int]
"""Year and month."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AND_MONTHS = " AND ("
_MAX_LISTED_PARTITIONS = 240
"""Months named one by one in a condition: twenty years. Beyond, moments alone narrow it."""
_MAX_TOUCHED_MONTHS = 24


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


def of_spans(spans: Sequence[Span]) -> str | None:
    """SQL over songplays or `time`, as `t`: where rows within these spans are.

    None where they touch so many months that the rows themselves may have far fewer: one play of a
    clock that stands years ago lets its version's span reach over all the months between.
    """
    months = {month for span in spans for month in _months(span)}
    if len(months) > _MAX_TOUCHED_MONTHS:
        return None
    return _of_months(sorted(months), spans[0][0] * 1000, spans[-1][1] * 1000)


def in_spans(column: str, spans: Iterable[Span]) -> str:
    """SQL: the column, milliseconds since 1970, lies in one of the spans, of which there is one."""
    within = [f"{column} BETWEEN {first} AND {last}" for first, last in spans]
    return " OR ".join(within)


def of_plays(rows: DataFrame) -> str | None:
    """SQL: where in songplays or `time` these rows of it are; None when there are no rows."""
    per_month = rows.groupBy("year", "month").agg(
        F.expr("unix_micros(min(start_time))").alias("first"),
        F.expr("unix_micros(max(start_time))").alias("last"),
    )
    months = per_month.collect()
    if not months:
        return None
    first, last = min(row["first"] for row in months), max(row["last"] for row in months)
    return _of_months(sorted((row["year"], row["month"]) for row in months), first, last)


def _months(span: Span) -> Iterator[Month]:
    """The months, in UTC, that the span touches."""
    start, end = (_EPOCH + timedelta(milliseconds=moment) for moment in span)
    for month in range(start.year * 12 + start.month - 1, end.year * 12 + end.month):
        yield month // 12, month % 12 + 1


def _of_months(months: Sequence[Month], first: int, last: int) -> str:
    between = f"t.start_time BETWEEN timestamp_micros({first}) AND timestamp_micros({last})"
    if len(months) > _MAX_LISTED_PARTITIONS:
        return between
    named = " OR ".join(f"(t.year = {year} AND t.month = {month})" for year, month in months)
    return f"{between}{_AND_MONTHS}{named})"


def whole_months(place: str) -> str:
    """The condition of `of_spans` or `of_plays` without its moments; any other as it is."""
    _, found, months = place.partition(_AND_MONTHS)
    return f"({months}" if found else place


def _text(value: str) -> str:
    """A key as a literal of SQL; it may hold any character."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
