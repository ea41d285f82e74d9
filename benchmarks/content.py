"""What tables say, as a hash: equal for two lakes exactly when every table has the same rows.

Read by DuckDB from the Delta log's files, whoever wrote them, so that no engine judges itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import DeltaTable

from localaws.arrow_dataset import QueriedDataset
from spark.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spark.tables import Table

OF_THE_RUN = {"run_id", "batch", "ingested_at", "quarantined_at"}
"""Columns that tell when and by whom a row was written, not what it says."""


def hashes(lake: str) -> dict[str, str]:
    """The content hash of every table of a lake, by the table's name."""
    return hashes_at({table.name: f"s3://{lake}/bronze/{table.name}" for table in TABLES})


def hashes_at(
    locations: Mapping[str, str],
    options: dict[str, str] | None = None,
    without: Iterable[str] = (),
) -> dict[str, str]:
    """The content hash of every table, by its name, where each lies at a location of its own.

    Args:
        locations: table -> where it lies.
        options: with which delta-rs reaches them, if not those of the environment.
        without: further columns that do not count.
    """
    left_out = OF_THE_RUN.union(without)
    return {
        table.name: _hash(_rows(locations[table.name], options), table, left_out)
        for table in TABLES
    }


def counts(lake: str, names: Sequence[str]) -> dict[str, int]:
    """How many rows each named table of a lake has."""
    return {name: _rows(f"s3://{lake}/bronze/{name}").count_rows() for name in names}


def _rows(location: str, options: dict[str, str] | None = None) -> Any:
    table = DeltaTable(location, storage_options=options)
    return QueriedDataset.of(table.to_pyarrow_dataset())


def _hash(content: Any, table: Table, left_out: set[str]) -> str:
    """The number of rows and the sum of their 128-bit hashes: whatever their order."""
    connection = duckdb.connect()
    connection.register("content", content)
    texts = [
        f"epoch_us({name})::text" if kind == "timestamp" else f"{name}::text"
        for name, kind in table.columns
        if name not in left_out
    ]
    # Each value with its length, so that no two rows run together into the same text.
    row = ", ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
    rows, *halves = connection.sql(
        f"SELECT count(*), sum(md5_number_upper(row)::hugeint), "
        f"sum(md5_number_lower(row)::hugeint) FROM (SELECT concat({row}) AS row FROM content)"
    ).fetchall()[0]
    return ":".join([str(rows), *(f"{half or 0:x}" for half in halves)])
