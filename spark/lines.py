"""Cuts a stream of bytes into the lines of text that records are.

No line spoils another's: one that is no UTF-8 gets a text all the same, which no contract takes.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 2 * CHUNK_BYTES
"""A longer line fails its object: one record must fit into memory several times over."""

_BOM = b"\xef\xbb\xbf"
_BAD_BYTES = "numbered"


class LineTooLongError(Exception):
    """A line is longer than MAX_LINE_BYTES."""


class Readable(Protocol):
    """A stream of bytes: an S3 body, or what gunzips one."""

    def read(self, amount: int, /) -> bytes:
        """At most `amount` bytes; none at the end."""


def cut(body: Readable) -> Iterator[list[bytes]]:
    """The lines of a stream, without their ends, without a leading BOM, without blank ones.

    Raises LineTooLongError where one has more than MAX_LINE_BYTES.
    """
    rest: list[bytes] = []
    held = 0
    at_start = True
    while chunk := body.read(CHUNK_BYTES):
        if at_start:
            chunk = chunk.removeprefix(_BOM)
            at_start = False
        first, newline, others = chunk.partition(b"\n")
        held += len(first)
        if held > MAX_LINE_BYTES:
            raise LineTooLongError
        if not newline:
            rest.append(chunk)
            continue
        lines = others.split(b"\n")
        rest.append(first)
        lines.insert(0, b"".join(rest))
        rest = [lines.pop()]
        held = len(rest[0])
        yield _tidy(lines)
    yield _tidy([b"".join(rest)])


def _tidy(lines: list[bytes]) -> list[bytes]:
    return [line.removesuffix(b"\r") for line in lines if not line.isspace() and line]


def _numbered(error: UnicodeError) -> tuple[str, int]:
    """Bad bytes as `\\xNN`, which no JSON has, and apart from a backslash that would escape it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    after_backslash = error.object[: error.start].endswith(b"\\")
    return " " * after_backslash + "".join(f"\\x{byte:02x}" for byte in bad), error.end


codecs.register_error(_BAD_BYTES, _numbered)


def texts(lines: Sequence[bytes | None]) -> pa.Array:
    """The lines as texts; bytes that are no UTF-8 as `\\xNN`."""
    raw = pa.array(lines, pa.binary())
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        decoded = [line and line.decode("utf-8", _BAD_BYTES) for line in lines]
        return pa.array(decoded, pa.string())
