"""Reads lines of JSON in two ways that agree: exactly, one by one, or many at once.

`records` is what the contract means: Python's reader, which hands over the digits of numbers as
they were written and takes nothing for JSON that is none. `at_once` is Arrow's, a third of the
cost, for lines that hold just what the contract expects; for any others it gives up, and whoever
called goes the exact way (docs/adr/0016; tests/spark/test_parser.py holds one against the other).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from spark.values import ARROW_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spark.contract import Source

MAX_LEVELS = 200
"""Levels of brackets in a line; one with more is refused, on every engine and in every Python."""

Record = dict[str, Any]


def at_once(lines: pa.Array, texts: list[bytes], source: Source) -> dict[str, pa.Array] | None:
    """The fields of `source` by name, typed, of lines that are one object each; else None.

    `texts` are the same lines as bytes. A line ends neither in a text, which may hold no newline,
    nor within an object: one that ends with a brace and is followed by one that begins with a brace
    is over. So as many objects as lines are one object in each line.
    """
    if not texts or not _all(pc.starts_with(lines, "{")) or not _all(pc.ends_with(lines, "}")):
        return None
    expected = pa.schema(
        [(field.name, ARROW_TYPE[field.kind]) for field in source.fields]
        + [(name, ARROW_TYPE[kind]) for name, kind in source.unused]
    )
    body = b"\n".join(texts)
    try:
        read = arrow_json.read_json(
            pa.BufferReader(body),
            arrow_json.ReadOptions(use_threads=False, block_size=len(body) + 1),
            arrow_json.ParseOptions(explicit_schema=expected, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid:
        return None
    if len(read) != len(texts):
        return None
    columns = {name: read[name].combine_chunks() for name in expected.names}
    numbers = [column for column in columns.values() if pa.types.is_floating(column.type)]
    # Arrow takes NaN and Infinity for numbers.
    return columns if all(_all(pc.is_finite(column)) for column in numbers) else None


def records(texts: Iterable[bytes]) -> Iterator[Record | None]:
    """The one JSON object that each line is, numbers as their digits; None where it is none.

    Of arrays and objects in it only that they are there: they come empty.
    """
    for text in texts:
        record = _record(text.decode())
        yield record and {
            name: [] if isinstance(value, list | dict) else value for name, value in record.items()
        }


def _no_json(_: str) -> NoReturn:
    """Python would take NaN, Infinity and -Infinity for numbers."""
    raise ValueError


_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_json)


def _record(text: str) -> Record | None:
    try:
        found = _JSON.decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not _is_deep(found) else None


def _is_deep(record: Record) -> bool:
    """Whether it has more than MAX_LEVELS of brackets; Python's own stack ends somewhere beyond."""
    level: list[Any] = [record]
    for _ in range(MAX_LEVELS):
        within = (each.values() if isinstance(each, dict) else each for each in level)
        level = [one for some in within for one in some if isinstance(one, list | dict)]
        if not level:
            return False
    return True


def _all(flags: pa.Array) -> bool:
    return bool(pc.all(flags, min_count=0).as_py())
