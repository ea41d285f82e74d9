"""Newest wins: one total order over the rows of a key, whole rows, never column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from spark.tables import Table


def newest(rows: DataFrame, key: Sequence[str], rank: Sequence[str], *, within: str) -> DataFrame:
    """The row of the highest rank of each key. No key occurs twice but where `within` holds.

    Looks first whether a key occurs more than once, and ranks only those that do: they are few, and
    ranking is what costs.
    """
    repeated = rows.where(within).groupBy(*key).count().where("count > 1").select(*key)
    if repeated.limit(1).count() == 0:
        return rows
    once = rows.join(repeated, [*key], "left_anti")
    several = rows.join(repeated, [*key], "left_semi")
    return once.unionByName(first_ranked(several, key, rank))


def first_ranked(rows: DataFrame, key: Sequence[str], rank: Sequence[str]) -> DataFrame:
    """The row of the highest rank of each key, by ranking all rows: for few."""
    order = Window.partitionBy(*key).orderBy(*(F.col(name).desc() for name in rank))
    return rows.withColumn("_place", F.row_number().over(order)).where("_place = 1").drop("_place")


def greater(rank: Sequence[str], left: str = "s", right: str = "t") -> str:
    """SQL: whether the rank of `left` is greater than that of `right`, column by column."""
    name, *rest = rank
    later = f"{left}.{name} > {right}.{name}"
    if not rest:
        return later
    return f"{later} OR ({left}.{name} = {right}.{name} AND ({greater(rest, left, right)}))"


def replaces(table: Table, *, again: bool) -> str:
    """SQL: whether row `s` takes the place of row `t` of its key.

    The greater rank does. When versions are read `again`, so does the same record where it says
    anything else: a newer contract has read it otherwise.
    """
    if not again:
        return greater(table.rank)
    same = " AND ".join(f"s.{name} = t.{name}" for name in table.rank)
    return f"({greater(table.rank)}) OR ({same} AND ({differs(table)}))"


def differs(table: Table) -> str:
    """SQL: whether `s` and `t`, of one key and one rank, differ in anything."""
    others = [name for name in table.column_names if name not in (*table.key, *table.rank)]
    return " OR ".join(f"NOT (s.{name} <=> t.{name})" for name in others)


def winners(rows: DataFrame, current: DataFrame, table: Table, *, again: bool) -> DataFrame:
    """The rows that are new to `current` or take the place of its row of their key."""
    same = " AND ".join(f"s.{name} = t.{name}" for name in table.key)
    stays = F.expr(f"{same} AND NOT ({replaces(table, again=again)})")
    return rows.alias("s").join(current.alias("t"), stays, "left_anti")
