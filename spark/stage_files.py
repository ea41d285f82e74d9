"""Writes a stage as Parquet where its records are made: in the reader's own Python.

The rows need not go through the engine to be written, which on Java costs as much as to read and
parse them. An engine may run a task twice, so only the files of which the driver is told are the
stage's: the manifest names them, and any other counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from spark.storage import Storage, client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import DataFrame

TOLD = "file string, source_path string, error string, account string"
"""What `write` tells: a row for each file, and one for each last row of a version in it."""

_FILE_BYTES = 64 * 1024 * 1024
"""Of rows in memory that make one file, a tenth as large: it bounds what a task holds."""
_SCHEMA = pa.schema([(column.split()[0], pa.string()) for column in TOLD.split(", ")])


@dataclass(frozen=True)
class End:
    """The last row of a version: how its reading ended, and its counts."""

    source_path: str
    error: str
    account: str


def write(batches: Iterable[pa.RecordBatch], path: str) -> Iterator[pa.RecordBatch]:
    """Leave the rows of a stage in files under `path`, and tell which, and what ends in them.

    Raises StorageError where S3 does not take a file: in the task, of which the engine tells the
    driver in its own way.
    """
    storage = Storage(client())
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= _FILE_BYTES:
            yield _put(storage, path, held)
            held, size = [], 0
    if held:
        yield _put(storage, path, held)


def told(rows: DataFrame) -> tuple[list[str], list[End]]:
    """The files that were written, and the last rows in them."""
    files: list[str] = []
    ends: list[End] = []
    for row in rows.collect():
        if row["file"] is None:
            ends.append(End(row["source_path"], row["error"], row["account"]))
        else:
            files.append(row["file"])
    return sorted(files), ends


def _put(storage: Storage, path: str, batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    rows = pa.Table.from_batches(batches)
    sink = pa.BufferOutputStream()
    # Bounds would spare nobody a page: what reads a stage reads all of it.
    pq.write_table(rows, sink, compression="snappy", write_statistics=False)
    file = f"{path}/{uuid4().hex}.parquet"
    storage.write(file, sink.getvalue().to_pybytes(), "application/vnd.apache.parquet")
    ends = rows.filter(rows["error"].is_valid()).select(_SCHEMA.names[1:])
    columns = [[file, *[None] * len(ends)]]
    columns += [[None, *column.to_pylist()] for column in ends.columns]
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=_SCHEMA)
