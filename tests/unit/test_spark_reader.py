"""How the reading of one object ends: content that is no good, or S3 that did not hand it over.

A line that is far too long fails its object, in the memory of a few chunks.
"""

from __future__ import annotations

import gzip
import io
import tracemalloc
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from urllib3.exceptions import IncompleteRead, ProtocolError

from spark import failures, lines, reader


class Endless:
    """A stream of `size` bytes without any newline but the first, made while it is read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.first = b"{}\n"

    def read(self, amount: int, /) -> bytes:
        """As a file's."""
        amount = min(amount, self.left)
        self.left -= amount
        first, self.first = self.first[:amount], b""
        return first + b"x" * (amount - len(first))


def test_a_line_of_100_megabytes_is_given_up_early() -> None:
    """It is not read to its end, and at most some chunks of it are held."""
    stream = Endless(100 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(lines.LineTooLongError):
            list(lines.cut(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * lines.CHUNK_BYTES
    assert stream.left > 50 * 1024 * 1024


@pytest.mark.parametrize("over", [0, 1])
def test_a_line_may_be_as_long_as_the_limit(over: int) -> None:
    """Exactly the limit is read; a byte more is not."""
    stream = Endless(len(b"{}\n") + lines.MAX_LINE_BYTES + over)
    if over:
        with pytest.raises(lines.LineTooLongError):
            list(lines.cut(stream))
    else:
        found = [line for some in lines.cut(stream) for line in some]
        assert [len(line) for line in found] == [2, lines.MAX_LINE_BYTES]


class Answer:
    """An answer of S3 of 1970 whose body may break off."""

    headers = {"Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}  # noqa: RUF012 # never changed

    def __init__(self, body: bytes, breaks: Exception | None) -> None:
        self.body = io.BytesIO(body)
        self.breaks = breaks

    def read(self, amount: int, /) -> bytes:
        """As a file's, until the connection breaks."""
        found = self.body.read(amount)
        if not found and self.breaks is not None:
            raise self.breaks
        return found


def ending(key: str, body: bytes, breaks: Exception | None) -> str:
    """How the reading of an object with this body ends."""

    class Lean:
        """Gets the one answer."""

        def get(self, *_: object, **__: object) -> Answer:
            """The answer, whatever is asked for."""
            return Answer(body, breaks)

    lean: Any = Lean()
    reading = reader._read(None, lean, (f"s3://landing/{key}", "etag", 0, len(body)))
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return str(end.value)


WHOLE = gzip.compress(b"{}\n" * 9, mtime=0)


@pytest.mark.parametrize("key", ["1.json", "1.json.gz"])
@pytest.mark.parametrize(
    "breaks",
    [
        ProtocolError("Connection broken"),
        IncompleteRead(3, 9),
        ConnectionResetError(104, "reset"),
        ConnectTimeoutError(endpoint_url="https://s3"),
    ],
    ids=lambda breaks: type(breaks).__name__,
)
def test_a_connection_that_breaks_is_not_the_objects_fault(key: str, breaks: Exception) -> None:
    """Also in the middle of a gzip, which looks cut short then."""
    body = WHOLE[:-9] if key.endswith(".gz") else b"{}\n{"
    told = ending(key, body, breaks)
    assert told == f"Amazon S3: reading broke off ({type(breaks).__name__})"
    assert failures.of_s3(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (WHOLE, "ok"),
        (WHOLE[:-9], "the gzip was cut short (EOFError)"),
        (b"{}", "no gzip, or a damaged one (BadGzipFile)"),
        (WHOLE[:10] + b"\xff" * 9, "a damaged gzip (error)"),
    ],
    ids=["whole", "cut", "plain", "damaged"],
)
def test_a_gzip_that_is_no_good_is(body: bytes, told: str) -> None:
    """However often it is fetched."""
    assert ending("1.json.gz", body, None) == told
    assert not failures.of_s3(told)
