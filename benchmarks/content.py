"""What tables say, as a hash: equal for two lakes exactly when every table has the same rows.

Read by DuckDB from the Delta log's files, whoever wrote them, so that no engine judges itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import DeltaTable

from spark.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spark.tables import Table

OF_THE_RUN = {"run_id", "batch", "ingested_at", "quarantined_at"}
"""Columns that tell when and by whom a row was written, not what it says."""


def hashes(lake: str) -> dict[str, str]:
    """The content hash of every table of a lake, by the table's name."""
    return {table.name: _hash(lake, table) for table in TABLES}


def counts(lake: str, names: Sequence[str]) -> dict[str, int]:
    """How many rows each named table of a lake has."""
    return {name: _rows(lake, name).count_rows() for name in names}


def _rows(lake: str, name: str) -> Any:
    return DeltaTable(f"s3://{lake}/bronze/{name}").to_pyarrow_dataset()


def _hash(lake: str, table: Table) -> str:
    """The number of rows and the sum of their 128-bit hashes: whatever their order."""
    connection = duckdb.connect()
    connection.register("content", _rows(lake, table.name))
    texts = [
        f"epoch_us({name})::text" if kind == "timestamp" else f"{name}::text"
        for name, kind in table.columns
        if name not in OF_THE_RUN
    ]
    # Each value with its length, so that no two rows run together into the same text.
    row = ", ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
    rows, *halves = connection.sql(
        f"SELECT count(*), sum(md5_number_upper(row)::hugeint), "
        f"sum(md5_number_lower(row)::hugeint) FROM (SELECT concat({row}) AS row FROM content)"
    ).fetchall()[0]
    return ":".join([str(rows), *(f"{half or 0:x}" for half in halves)])
