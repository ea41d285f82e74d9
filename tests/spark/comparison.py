"""What tables say, as plain values and as text, and how two such contents differ, row by row.

Times and names that tell when and by whom a row was written are left out by whoever reads the
tables. A comparison of two contents with == fails with the text of `differences`: see
`pytest_assertrepr_compare` in this folder's conftest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame

SHOWN = 5
"""Rows of each kind of difference that are written out; the others are counted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TableContent:
    """A table's columns, as (name, type), and its rows, ordered by key."""

    key: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[dict[str, Any], ...]

    def as_text(self) -> str:
        """The table for people to read: the schema, then a paragraph per row."""
        lines = [", ".join(f"{name} {kind}" for name, kind in self.columns)]
        for row in self.rows:
            lines += ["", *(f"{name}: {shown(value)}" for name, value in row.items())]
        return "\n".join(lines) + "\n"


class Content(dict[str, TableContent]):
    """Table -> what it says."""

    def hashes(self) -> dict[str, str]:
        """Table -> a hash of its text, the same on every engine."""
        return {
            name: hashlib.sha256(table.as_text().encode()).hexdigest()
            for name, table in self.items()
        }


def table_content(
    frame: DataFrame, key: Sequence[str], without: Iterable[str], names: Mapping[str, str]
) -> TableContent:
    """Read a table, without some columns; in texts, each of `names` is replaced by its value."""
    left_out = set(without)
    columns = tuple((name, kind) for name, kind in frame.dtypes if name not in left_out)
    # Engines hand timestamps over in zones of their own: whole microseconds are the same on all.
    plain = [
        F.expr(f"unix_micros(`{name}`)").alias(name) if kind == "timestamp" else F.col(name)
        for name, kind in columns
    ]
    kinds = dict(columns)

    def value(name: str, found: Any) -> Any:
        if found is not None and kinds[name] == "timestamp":
            return _EPOCH + timedelta(microseconds=found)
        for old, new in names.items():
            if isinstance(found, str):
                found = found.replace(old, new)
        return found

    rows = [
        {name: value(name, found) for name, found in row.asDict().items()}
        for row in frame.orderBy(*key).select(*plain).collect()
    ]
    return TableContent(tuple(key), columns, tuple(rows))


def shown(value: Any) -> str:
    """A value as the texts have it: null, a time in UTC, else as Python writes it."""
    if value is None:
        return "null"
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def differences(
    found: Mapping[str, TableContent], expected: Mapping[str, TableContent]
) -> list[str]:
    """Say line by line what of `found` is not as `expected`; no line when all is."""
    lines: list[str] = []
    for name in [*expected, *(name for name in found if name not in expected)]:
        if name not in found or name not in expected:
            lines.append(f"{name}: {'missing' if name not in found else 'extra'} table")
        elif found[name] != expected[name]:
            lines += [f"{name}:", *(f"  {line}" for line in _table(found[name], expected[name]))]
    return lines


def _table(found: TableContent, expected: TableContent) -> list[str]:
    ours, theirs = dict(found.columns), dict(expected.columns)
    lines = [
        f"column {column}: {ours.get(column, 'absent')}, expected {theirs.get(column, 'absent')}"
        for column in [*theirs, *(column for column in ours if column not in theirs)]
        if ours.get(column) != theirs.get(column)
    ]
    have, want = _by_key(found), _by_key(expected)
    lines += _listed("missing", [f"{key}: {_row(want[key])}" for key in want if key not in have])
    lines += _listed("extra", [f"{key}: {_row(have[key])}" for key in have if key not in want])
    other = [key for key in want if key in have and have[key] != want[key]]
    lines += _listed("different", [f"{key}: {_changes(have[key], want[key])}" for key in other])
    return lines or ["the same rows in another order"]


def _by_key(table: TableContent) -> dict[str, dict[str, Any]]:
    """The rows by the text of their key; a key's second row gets a number."""
    rows: dict[str, dict[str, Any]] = {}
    for row in table.rows:
        key = name = ", ".join(shown(row.get(part)) for part in table.key)
        number = 1
        while name in rows:
            number += 1
            name = f"{key} (row {number})"
        rows[name] = row
    return rows


def _listed(kind: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    more = [f"  ... and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return [f"{len(rows)} {kind}", *(f"  {row}" for row in rows[:SHOWN]), *more]


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in row.items())


def _changes(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{name} is {shown(found.get(name))}, expected {shown(expected.get(name))}"
        for name in [*expected, *(name for name in found if name not in expected)]
        if found.get(name) != expected.get(name)
    )
