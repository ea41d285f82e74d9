"""Reads object versions as lines of text, each version exactly as it was listed.

Every object is fetched once, by a conditional GET (If-Match), inside a partition of Spark's own
(mapInArrow), and cut into lines while it streams. So a key may hold any character, a gzip that was
cut short fails alone, a line that is no UTF-8 spoils nobody else's, and an object that was
overwritten since it was listed is noticed instead of read. docs/adr/0011 has the figures.
"""

from __future__ import annotations

import gzip
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from spark.storage import ObjectVersion, client, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark.sql import DataFrame, SparkSession

LINES = (
    "source_path string, source_modified_us bigint, source_etag string, raw string, error string"
)
"""A row a line, with `raw`; and a last row a version, with `error`: what befell it, or "ok"."""

OK = "ok"
CHANGED = "changed"
"""The version is gone: overwritten or deleted since it was listed. It counts as never seen."""

CHUNK_BYTES = 8 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SMALL_BYTES = 1024 * 1024
_GROUP = 256
"""Small objects are fetched side by side and make one batch of rows together."""
_AHEAD = 8
"""Objects fetched at the same time by one partition: their latencies would add up."""
_BOM = b"\xef\xbb\xbf"
_SCHEMA = pa.schema(
    [
        ("source_path", pa.string()),
        ("source_modified_us", pa.int64()),
        ("source_etag", pa.string()),
        ("raw", pa.string()),
        ("error", pa.string()),
    ]
)
_GONE = {"PreconditionFailed", "412", "NoSuchKey", "404"}
_UNREADABLE = (ClientError, BotoCoreError, OSError, EOFError, zlib.error)


class Readable(Protocol):
    """A stream of bytes: an S3 body, or what gunzips one."""

    def read(self, amount: int, /) -> bytes:
        """At most `amount` bytes; none at the end."""


Pinned = tuple[str, str, int, int]
"""A version as it travels to the partitions: path, etag, modified (µs since 1970), size."""


def read_lines(
    spark: SparkSession, versions: Iterable[ObjectVersion], partitions: int
) -> DataFrame:
    """The lines of `versions` as a DataFrame of LINES, read once it is written somewhere.

    Blank lines are left out. A line that is no UTF-8 comes with its bad bytes as `\\xNN`. Nothing
    raises: what cannot be read says so in its version's last row.
    """
    rows = [(v.path, v.etag, microseconds(v.modified), v.size) for v in versions]
    pinned = spark.createDataFrame(
        rows, "path string, etag string, modified_us bigint, size bigint"
    )
    if partitions > 1:
        pinned = pinned.repartition(partitions, "path")
    return pinned.mapInArrow(_fetcher(), LINES)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of a moment that knows its time zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _fetcher() -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def fetch(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        s3 = client()
        with ThreadPoolExecutor(_AHEAD) as pool:
            for batch in batches:
                columns = [column.to_pylist() for column in batch.columns]
                pinned: list[Pinned] = list(zip(*columns, strict=True))
                small = [version for version in pinned if _is_small(version)]
                for some in _groups(small):
                    parts = pool.map(lambda version: list(_lines(s3, version)), some)
                    yield _joined(chain.from_iterable(parts))
                for version in pinned:
                    if not _is_small(version):
                        yield from _lines(s3, version)

    return fetch


def _is_small(version: Pinned) -> bool:
    """Whether a version may be held in memory whole; a gzip may hold a thousand times its size."""
    path, _, _, size = version
    return size <= (_SMALL_BYTES // 64 if path.endswith(".gz") else _SMALL_BYTES)


def _groups(versions: list[Pinned]) -> Iterator[list[Pinned]]:
    """Cut into groups that make one batch of rows: many tiny batches cost the engine dearly."""
    group: list[Pinned] = []
    size = 0
    for version in versions:
        if group and (len(group) == _GROUP or size + version[3] > CHUNK_BYTES):
            yield group
            group, size = [], 0
        group.append(version)
        size += version[3]
    if group:
        yield group


def _joined(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches, _SCHEMA).combine_chunks().to_batches()[0]


def _lines(s3: Any, version: Pinned) -> Iterator[pa.RecordBatch]:
    """The batches of one version: its lines, then the row that says how its reading ended."""
    path, etag, modified_us, _ = version
    bucket, key = split(path)
    error = OK
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')
        if microseconds(answer["LastModified"].astimezone(UTC)) != modified_us:
            error = CHANGED
        else:
            body = answer["Body"]
            stream = gzip.GzipFile(fileobj=body) if key.endswith(".gz") else body
            for lines in _cut(stream):
                if lines:
                    yield _batch(version, _texts(lines), None)
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        error = CHANGED if code in _GONE else f"{code} from Amazon S3"
    except _UNREADABLE as broken:
        error = f"{type(broken).__name__}: {broken}"[:300]
    yield _batch(version, pa.nulls(1, pa.string()), error)


def _cut(body: Readable) -> Iterator[list[bytes]]:
    """The lines of a stream, without their ends, without a leading BOM, without blank ones."""
    rest: list[bytes] = []
    at_start = True
    while chunk := body.read(CHUNK_BYTES):
        if at_start:
            chunk = chunk.removeprefix(_BOM)
            at_start = False
        first, newline, others = chunk.partition(b"\n")
        if not newline:
            rest.append(chunk)
            continue
        lines = others.split(b"\n")
        rest.append(first)
        lines.insert(0, b"".join(rest))
        rest = [lines.pop()]
        yield _tidy(lines)
    yield _tidy([b"".join(rest)])


def _tidy(lines: list[bytes]) -> list[bytes]:
    return [line.removesuffix(b"\r") for line in lines if not line.isspace() and line]


def _texts(lines: list[bytes]) -> pa.Array:
    raw = pa.array(lines, pa.binary())
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", "backslashreplace") for line in lines], pa.string())


def _batch(version: Pinned, raw: pa.Array, error: str | None) -> pa.RecordBatch:
    path, etag, modified_us, _ = version
    length = len(raw)
    constants: list[tuple[object, pa.DataType]] = [
        (path, pa.string()),
        (modified_us, pa.int64()),
        (etag, pa.string()),
    ]
    columns = [pa.repeat(pa.scalar(value, kind), length) for value, kind in constants]
    errors = pa.repeat(pa.scalar(error, pa.string()), length)
    return pa.record_batch([*columns, raw, errors], schema=_SCHEMA)
