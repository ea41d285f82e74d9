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

from spark.errors import JobError, StageError, StorageError
from spark.latest import latest
from spark.storage import Storage, client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import DataFrame

    from spark.contract import Source

TOLD = (
    "file string, latest string, source_path string, error string, account string, kind string, "
    "failure string"
)
"""What `write` tells: a row for each file, with the one in which its `latest` records are, if there
are any; one for each last row of a version in it; and one of a `kind` of JobError that ended it
with the sentence `failure`."""

_KINDS: dict[str, type[JobError]] = {kind.__name__: kind for kind in (StageError, StorageError)}
_FILE_BYTES = 64 * 1024 * 1024
"""Of rows in memory that make one file, a tenth as large: it bounds what a task holds."""
_SCHEMA = pa.schema([(column.split()[0], pa.string()) for column in TOLD.split(", ")])


@dataclass(frozen=True)
class End:
    """The last row of a version: how its reading ended, and its counts."""

    source_path: str
    error: str
    account: str


@dataclass(frozen=True)
class Told:
    """What the tasks have written."""

    files: list[str]
    latest: list[str]
    """Files with the `latest` records: of their own, or of those above."""
    ends: list[End]


def write(batches: Iterable[pa.RecordBatch], path: str, source: Source) -> Iterator[pa.RecordBatch]:
    """Leave the rows of a stage in files under `path`, and tell which, and what ends in them.

    Runs in a task: what ends it with a sentence is told, too, for an engine would tell the driver
    of it in words of its own, among which ours are lost.
    """
    try:
        yield from _files(batches, path, source)
    except JobError as error:
        yield _told(kind=[type(error).__name__], failure=[str(error)])


def _files(
    batches: Iterable[pa.RecordBatch], path: str, source: Source
) -> Iterator[pa.RecordBatch]:
    storage = Storage(client())
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= _FILE_BYTES:
            yield _put(storage, path, held, source)
            held, size = [], 0
    if held:
        yield _put(storage, path, held, source)


def told(rows: DataFrame) -> Told:
    """The files that were written, and the last rows in them.

    Raises StorageError where S3 did not take a file, StageError where the rows were no stage's.
    """
    files: list[str] = []
    latest_files: list[str] = []
    ends: list[End] = []
    for row in rows.collect():
        if row["failure"] is not None:
            raise _KINDS[row["kind"]](row["failure"])
        if row["file"] is None:
            ends.append(End(row["source_path"], row["error"], row["account"]))
        else:
            files.append(row["file"])
            if row["latest"] is not None:
                latest_files.append(row["latest"])
    return Told(sorted(files), sorted(latest_files), ends)


def _put(
    storage: Storage, path: str, batches: list[pa.RecordBatch], source: Source
) -> pa.RecordBatch:
    rows = pa.Table.from_batches(batches)
    file = _file(storage, path, rows)
    ends = rows.filter(rows["error"].is_valid()).select(["source_path", "error", "account"])
    columns = {name: [None, *ends[name].to_pylist()] for name in ends.column_names}
    others = [None] * len(ends)
    of_latest = _file_of_latest(storage, path, latest(rows, source), rows, file)
    return _told(file=[file, *others], latest=[of_latest, *others], **columns)


def _file_of_latest(
    storage: Storage, path: str, found: pa.Table, rows: pa.Table, file: str
) -> str | None:
    """Where to look for the latest of the rows in `file`: in one of their own, if they are few.

    They are not where objects are small, or where users seldom come twice.
    """
    if len(found) * 2 > len(rows):
        return file
    return _file(storage, f"{path}/latest", found) if len(found) else None


def _file(storage: Storage, path: str, rows: pa.Table) -> str:
    """Write the rows as a file of its own under `path`; returns where it lies."""
    sink = pa.BufferOutputStream()
    # Bounds would spare nobody a page: what reads a stage reads all of it.
    pq.write_table(rows, sink, compression="snappy", write_statistics=False)
    file = f"{path}/{uuid4().hex}.parquet"
    storage.write(file, sink.getvalue().to_pybytes(), "application/vnd.apache.parquet")
    return file


def _told(**columns: list[str | None]) -> pa.RecordBatch:
    """Rows of TOLD; columns that are not given are null."""
    (length,) = {len(column) for column in columns.values()}
    nothing = [None] * length
    arrays = [pa.array(columns.get(name, nothing), pa.string()) for name in _SCHEMA.names]
    return pa.record_batch(arrays, schema=_SCHEMA)
