"""The dataset that DuckDB reads in pyarrow's place: the same rows, by readers of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from localaws import arrow_dataset
from localaws.arrow_dataset import QueriedDataset

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def written(folder: Path) -> DeltaTable:
    """A table of three partitions with ten rows each."""
    for month in (1, 2, 3):
        rows = {"month": [month] * 10, "n": list(range(month * 10, month * 10 + 10))}
        write_deltalake(folder, pa.table(rows), mode="append", partition_by=["month"])
    return DeltaTable(folder)


def test_duckdb_reads_it_without_the_readers_of_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of `Scanner.to_reader` can bring the whole process to a standstill."""
    asked: list[dict[str, Any]] = []

    class Noted(arrow_dataset._Scanner):
        def to_reader(self) -> Any:
            asked.append({"columns": self._scanner.projected_schema.names})
            return super().to_reader()

    monkeypatch.setattr(arrow_dataset, "_Scanner", Noted)
    data = QueriedDataset.of(written(tmp_path).to_pyarrow_dataset())
    assert data.count_rows() == 30
    with duckdb.connect() as connection:
        connection.register("t", data)
        found = connection.sql("SELECT n FROM t WHERE month = 2 AND n > 27 ORDER BY n").fetchall()
    assert found == [(28,), (29,)]
    assert asked == [{"columns": ["n"]}]


def test_rows_that_are_not_wanted_are_not_read_to_their_end(tmp_path: Path) -> None:
    """A query that has enough lets its reader go."""
    data = QueriedDataset.of(written(tmp_path).to_pyarrow_dataset())
    with duckdb.connect() as connection:
        connection.register("t", data)
        assert connection.sql("SELECT month FROM t LIMIT 1").fetchall()
        assert connection.sql("SELECT sum(n), count(DISTINCT month) FROM t").fetchall() == [
            (735, 3)
        ]
