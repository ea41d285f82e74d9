"""Query results as Athena gives them: printed values, the CSV object, pages of GetQueryResults."""

from __future__ import annotations

import math
import re
import struct
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from localaws.athena_sql import unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_NAMES: Final = {
    "boolean": ("boolean", 0, 0),
    "tinyint": ("tinyint", 3, 0),
    "smallint": ("smallint", 5, 0),
    "integer": ("integer", 10, 0),
    "bigint": ("bigint", 19, 0),
    "ubigint": ("bigint", 19, 0),
    "hugeint": ("bigint", 19, 0),
    "float": ("float", 17, 0),
    "double": ("double", 17, 0),
    "varchar": ("varchar", 2147483647, 0),
    "blob": ("varbinary", 1073741824, 0),
    "date": ("date", 0, 0),
    "time": ("time", 3, 0),
    "timestamp": ("timestamp", 3, 0),
    "timestamp with time zone": ("timestamp with time zone", 3, 0),
    "list": ("array", 0, 0),
    "array": ("array", 0, 0),
    "map": ("map", 0, 0),
    "struct": ("row", 0, 0),
    "json": ("json", 0, 0),
    "null": ("unknown", 0, 0),
}
"""DuckDB's names of types: Athena's name, precision and scale."""

_LARGEST: Final = 2**63 - 1
_CELL: Final = re.compile(r'(?:"((?:[^"]|"")*)"|)([,\n])')


def column_info(name: str, kind: Any) -> dict[str, Any]:
    """Return the ColumnInfo for a column of DuckDB's type `kind`.

    Raises QueryError for types that Athena would print in a way of their own.
    """
    if kind.id == "decimal":
        sizes = dict(kind.children)
        athena: tuple[str, int, int] = ("decimal", sizes["precision"], sizes["scale"])
    elif kind.id in _NAMES:
        athena = _NAMES[kind.id]
    else:
        raise unsupported(f"results of the type {kind} (column {name})")
    return described(name, *athena)


def described(name: str, kind: str, precision: int = 0, scale: int = 0) -> dict[str, Any]:
    """Return a ColumnInfo."""
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind == "varchar",
    }


def double(value: float) -> str:
    """Print a double as Trino does, which is as Java does: 1.0, 1.0E10, 1.0E-4, NaN, Infinity."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = digits[0], "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{int(exponent) + len(digits) - 1}"


def real(value: float | None) -> str | None:
    """Print a single-precision number with no more digits than tell it from its neighbours."""
    if value is None or not math.isfinite(value):
        return printed(value)
    exact = struct.pack("f", value)
    texts = (f"{value:.{digits}g}" for digits in range(1, 10))
    return double(float(next(text for text in texts if struct.pack("f", float(text)) == exact)))


def _timestamp(value: datetime) -> str:
    zone = " UTC" if value.tzinfo else ""
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}{zone}"


def _whole(value: int) -> str:
    if not -_LARGEST - 1 <= value <= _LARGEST:
        raise OverflowError(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint overflow: {value}")
    return str(value)


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    bool: lambda value: "true" if value else "false",
    int: _whole,
    float: double,
    str: str,
    Decimal: lambda value: format(value, "f"),
    bytes: lambda value: value.hex(" "),
    date: date.isoformat,
    datetime: _timestamp,
    time: lambda value: f"{value:%H:%M:%S}.{value.microsecond // 1000:03}",
}


def printed(value: Any) -> str | None:
    """Print a value as Athena does; None stays None."""
    if value is None:
        return None
    if isinstance(value, dict):
        pairs = (f"{nested(key)}={nested(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(nested, value)) + "]"
    return _PRINTERS[type(value)](value)


def nested(value: Any) -> str:
    """Print a value inside an array, row or map, where NULL is the word null."""
    text = printed(value)
    return "null" if text is None else text


def csv_line(cells: Iterable[str | None]) -> str:
    """Return one line of the result object: every value quoted, NULL left empty."""
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells)


def read_csv(text: str) -> Iterator[list[str | None]]:
    """Yield the rows of a result object; what is quoted and empty is no NULL."""
    row: list[str | None] = []
    for found in _CELL.finditer(text):
        cell, end = found.groups()
        row.append(None if cell is None else cell.replace('""', '"'))
        if end == "\n":
            yield row
            row = []


def result_row(cells: Sequence[str | None]) -> dict[str, Any]:
    """Return a Row of GetQueryResults."""
    return {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in cells]}
