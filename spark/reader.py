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
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from spark.failures import S3_FAILED
from spark.gets import Gets
from spark.lines import CHUNK_BYTES, MAX_LINE_BYTES, LineTooLongError, cut, texts
from spark.storage import CONDITION_FAILED, NOT_THERE, ObjectVersion, client, split

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from pyspark.sql import DataFrame, SparkSession

LINES = pa.schema(
    [
        ("source_path", pa.string()),
        ("source_modified_us", pa.int64()),
        ("source_etag", pa.string()),
        ("raw", pa.string()),
        ("error", pa.string()),
    ]
)
"""A row a line, with `raw`; and a last row a version, with `error`: what befell it, or "ok"."""

OK = "ok"
CHANGED = "changed"
"""The version is gone: overwritten or deleted since it was listed. It counts as never seen."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SMALL_BYTES = 1024 * 1024
_GROUP = 256
"""Small objects are fetched side by side and make one batch of rows together."""
_AHEAD = 8
"""Objects fetched at the same time by one partition: their latencies would add up."""
_NOT_REACHED = (BotoCoreError, urllib3.exceptions.HTTPError, OSError)
"""The connection broke, or there was none. A damaged gzip can be an OSError too: it comes first."""
_BROKEN: dict[type[BaseException], str] = {
    EOFError: "the gzip was cut short",
    gzip.BadGzipFile: "no gzip, or a damaged one",
    zlib.error: "a damaged gzip",
}


Pinned = tuple[str, str, int, int]
"""A version as it travels to the partitions: path, etag, modified (µs since 1970), size."""


def pinned(spark: SparkSession, versions: Iterable[ObjectVersion], partitions: int) -> DataFrame:
    """The versions, a row each, for `fetch` to read in so many partitions."""
    rows = [(v.path, v.etag, microseconds(v.modified), v.size) for v in versions]
    frame = spark.createDataFrame(rows, "path string, etag string, modified_us bigint, size bigint")
    return frame.repartition(partitions, "path") if partitions > 1 else frame


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of a moment that knows its time zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def fetch(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The lines, as batches of LINES, of the versions that are `pinned` in these batches.

    Blank lines are left out. A line that is no UTF-8 comes with its bad bytes as `\\xNN`. Nothing
    raises: what cannot be read says so in its version's last row.
    """
    s3 = client()
    gets = Gets(s3)
    with ThreadPoolExecutor(_AHEAD) as pool:
        for batch in batches:
            columns = [column.to_pylist() for column in batch.columns]
            versions: list[Pinned] = list(zip(*columns, strict=True))
            small = [version for version in versions if _is_small(version)]
            for some in _groups(small):
                yield _together(some, pool.map(lambda version: _whole(s3, gets, version), some))
            for version in versions:
                if not _is_small(version):
                    yield from _lines(s3, gets, version)


def _is_small(version: Pinned) -> bool:
    """Whether a version may be held in memory whole."""
    return _weight(version) <= _SMALL_BYTES


def _weight(version: Pinned) -> int:
    """Bytes as they may be in memory: a gzip holds many times its size, at worst a thousand."""
    path, _, _, size = version
    return size * 64 if path.endswith(".gz") else size


def _groups(versions: list[Pinned]) -> Iterator[list[Pinned]]:
    """Cut into groups that make one batch of rows: many tiny batches cost the engine dearly."""
    group: list[Pinned] = []
    size = 0
    for version in versions:
        if group and (len(group) == _GROUP or size + _weight(version) > CHUNK_BYTES):
            yield group
            group, size = [], 0
        group.append(version)
        size += _weight(version)
    if group:
        yield group


def _whole(s3: Any, gets: Gets, version: Pinned) -> tuple[list[bytes], str]:
    """The lines of one small version, and how its reading ended."""
    lines: list[bytes] = []
    reading = _read(s3, gets, version)
    try:
        while True:
            lines += next(reading)
    except StopIteration as end:
        return lines, end.value


def _together(versions: list[Pinned], read: Iterable[tuple[list[bytes], str]]) -> pa.RecordBatch:
    """One batch of several versions: to make each a batch of its own costs more than to read it."""
    lengths: list[int] = []
    raw: list[bytes | None] = []
    errors: list[str | None] = []
    for lines, error in read:
        lengths.append(len(lines) + 1)
        raw += [*lines, None]
        errors += [*[None] * len(lines), error]
    places = np.repeat(np.arange(len(versions)), lengths)
    paths, etags, moments, _ = zip(*versions, strict=True)
    columns = [
        pa.array(paths, pa.string()).take(places),
        pa.array(moments, pa.int64()).take(places),
        pa.array(etags, pa.string()).take(places),
        texts(raw),
        pa.array(errors, pa.string()),
    ]
    return pa.record_batch(columns, schema=LINES)


def _lines(s3: Any, gets: Gets, version: Pinned) -> Iterator[pa.RecordBatch]:
    """The batches of one version: its lines, then the row that says how its reading ended."""
    reading = _read(s3, gets, version)
    try:
        while True:
            if lines := next(reading):
                yield _batch(version, texts(lines), None)
    except StopIteration as end:
        yield _batch(version, pa.nulls(1, pa.string()), end.value)


def _read(s3: Any, gets: Gets, version: Pinned) -> Generator[list[bytes], None, str]:
    """The lines of one version, some at a time; returns how its reading ended."""
    path, _, modified_us, _ = version
    try:
        body, modified = _open(s3, gets, version)
        if microseconds(modified) != modified_us:
            return CHANGED
        yield from cut(gzip.GzipFile(fileobj=body) if path.endswith(".gz") else body)
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        return CHANGED if code in NOT_THERE | CONDITION_FAILED else f"{S3_FAILED}{code}"
    except LineTooLongError:
        return f"a line is longer than {MAX_LINE_BYTES} bytes"
    except tuple(_BROKEN) as broken:
        # Not its message: that may quote what was read.
        return f"{_BROKEN.get(type(broken), 'damaged')} ({type(broken).__name__})"
    except _NOT_REACHED as broken:
        return f"{S3_FAILED}reading broke off ({type(broken).__name__})"
    return OK


def _open(s3: Any, gets: Gets, version: Pinned) -> tuple[Any, datetime]:
    """The body of the very version, as a stream, and when S3 says that it was modified."""
    path, etag, _, _ = version
    bucket, key = split(path)
    condition = f'"{etag}"'
    plain = gets.get(bucket, key, if_match=condition)
    if plain is not None:
        return plain, parsedate_to_datetime(plain.headers["Last-Modified"])
    answer = s3.get_object(Bucket=bucket, Key=key, IfMatch=condition)
    return answer["Body"], answer["LastModified"]


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
    return pa.record_batch([*columns, raw, errors], schema=LINES)
