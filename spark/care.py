"""What it takes to keep a Delta table in order, on the engine at hand: chosen here, nowhere else.

Glue's Spark brings Delta's own SQL. The embedded engine has none of it, and there delta-rs does the
same to the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pyspark.sql.utils import is_remote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from spark.delta import Bronze
    from spark.tables import Column

TARGET_BYTES = 256 * 1024**2
"""Compaction fills files up to this size: large enough for Athena, small enough to share out."""


@dataclass(frozen=True)
class Live:
    """The data files that a table's newest version is made of."""

    version: int
    files: int
    bytes: int


class Care(Protocol):
    """The commands beyond reading and merging; each takes the location of a table.

    All raise CareError, which names the table, when the engine cannot carry them out.
    """

    def live(self, location: str) -> Live:
        """What the newest version consists of."""

    def compact(self, location: str) -> None:
        """Put the small files of each partition together, in one commit; rows stay as they are."""

    def vacuum(self, location: str, hours: int) -> None:
        """Delete the files that no version of the last `hours` needs, aborted writes' too."""

    def delete_older(self, location: str, column: str, before: datetime) -> None:
        """Delete the rows whose timestamp in `column` is before the moment, which is in UTC."""

    def files_at(self, location: str, version: int) -> set[str]:
        """The data files of a version, as paths below the location."""

    def restore(self, location: str, version: int) -> None:
        """Make an earlier version the newest, in one commit."""

    def properties(self, location: str) -> dict[str, str]:
        """The table's properties."""

    def columns(self, location: str) -> dict[str, str]:
        """The table's columns: name -> type, as Spark SQL writes it."""

    def add_columns(self, location: str, columns: Sequence[Column]) -> None:
        """Add columns at the end, null in every row that is there; known ones stay."""

    def set_properties(self, location: str, properties: Mapping[str, str]) -> None:
        """Set properties of the table; others stay."""


def care_of(bronze: Bronze) -> Care:
    """The care that the run's engine can give."""
    if is_remote():
        from spark.care_rs import DeltaRs  # noqa: PLC0415 # Glue's Python has no delta-rs

        return DeltaRs(bronze.run_id)
    from spark.care_sql import DeltaSql  # noqa: PLC0415 # of two, the one that is needed

    return DeltaSql(bronze.spark)
