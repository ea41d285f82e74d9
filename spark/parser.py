"""Turns lines into records by a source's contract, with every reason why a record is no good.

One parser for every engine, in the reader's own Python: the engines' functions for JSON differ, and
what they cost most is to plan and compile (docs/adr/0016).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark import json_lines
from spark.account import MAX_KEY_BYTES, Judged, Tally
from spark.lines import CHUNK_BYTES
from spark.values import ARROW_TYPE, Values, judge, marks, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from spark.contract import Field, Source
    from spark.quality import RecordRule

    Marks = NDArray[np.bool_]

SQL_TYPE = {"text": "string", "integer": "bigint", "decimal": "double"}
"""What a field of each kind is in a stage."""

NOT_ONE_OBJECT = "line: not one JSON object"

_AT_ONCE = 4096
"""Lines that go one way together: where one is odd, so many are read one by one."""
_LARGE_BYTES = 4 * CHUNK_BYTES
_FEW = 64
"""Lines of a larger batch that go together: of the longest ones Arrow takes not many more."""
_NAMES = pa.list_(pa.string())
_NONE = pa.array([[]], _NAMES)
_MOMENT = pa.timestamp("us", tz="UTC")
_COLUMNS = (
    ("source_path", "string", pa.string()),
    ("source_etag", "string", pa.string()),
    ("source_modified", "timestamp", _MOMENT),
    ("error", "string", pa.string()),
    ("account", "string", pa.string()),
    ("raw", "string", pa.string()),
    ("record_hash", "string", pa.string()),
    ("kept", "boolean", pa.bool_()),
    ("reasons", "array<string>", _NAMES),
    ("unknown", "array<string>", _NAMES),
)


def columns(source: Source) -> str:
    """The columns of a stage of `source`, as DDL.

    source_path, source_etag, source_modified; error and account (null but for the last row of a
    version: how its reading ended, and its `Counts`); raw (null for a good record), record_hash
    (sha2-256 of the raw line), kept, reasons (empty for a good record), unknown (the names of
    fields that the contract does not know, null where there are none), then the contract's columns.
    """
    own = [f"{name} {sql}" for name, sql, _ in _COLUMNS]
    return ", ".join(own + [f"{field.column} {SQL_TYPE[field.kind]}" for field in source.fields])


def parse(
    batches: Iterable[pa.RecordBatch],
    source: Source,
    rules: Sequence[RecordRule] = (),
    max_key_bytes: int = MAX_KEY_BYTES,
) -> Iterator[pa.RecordBatch]:
    """The records of `source`, in the same order, from batches of the reader's LINES.

    A version's last row comes after all its lines and gets their counts, those of `rules` among
    them. `max_key_bytes` is as in `Tally`. Raises StageError where a last row is elsewhere.
    """
    tally = Tally(len(rules), source.moment, max_key_bytes)
    schema = pa.schema(
        [(name, kind) for name, _, kind in _COLUMNS]
        + [(field.column, ARROW_TYPE[field.kind]) for field in source.fields]
    )
    for batch in batches:
        step = _AT_ONCE if batch.nbytes <= _LARGE_BYTES else _FEW
        for start in range(0, len(batch), step):
            lines = batch.slice(start, step)
            yield pa.record_batch(_parsed(lines, source, rules, tally), schema=schema)
    tally.check()


def _parsed(
    lines: pa.RecordBatch, source: Source, rules: Sequence[RecordRule], tally: Tally
) -> list[pa.Array]:
    """The columns of a stage. What is no line but a version's last row has no record."""
    is_line = marks(lines["raw"].is_valid())
    raw = lines["raw"].filter(pa.array(is_line))
    texts = raw.cast(pa.binary()).to_pylist()
    given, no_object, unknown = _read(raw, texts, source)
    judged = [
        judge(field, column, odd, is_key=field.required or field.column in source.key)
        for field, (column, odd) in zip(source.fields, given, strict=True)
    ]
    kept = _kept(judged, source, len(raw))
    reasons = _lists(no_object, list(_reasons(judged, kept, source)))
    is_bad = pc.greater(pc.list_value_length(reasons), 0)
    by_name = dict(zip((field.column for field in source.fields), judged, strict=True))
    account = tally.passing(
        lines["source_path"],
        is_line,
        Judged(
            good=~marks(is_bad),
            kept=kept,
            drifting=marks(unknown.is_valid()),
            broken=[marks(rule.breaks(by_name[rule.column].column)) for rule in rules],
            reasons=reasons,
            keys=pa.table({name: by_name[name].column for name in source.key}),
        ),
    )
    found = [
        pc.if_else(is_bad, raw, None),
        pa.array([hashlib.sha256(text).hexdigest() for text in texts], pa.string()),
        pa.array(kept),
        reasons,
        unknown,
        *(values.column for values in judged),
    ]
    if not is_line.all():
        places = pa.array(np.cumsum(is_line) - 1, mask=~is_line)
        found = [column.take(places) for column in found]
    modified = lines["source_modified_us"].cast(_MOMENT)
    return [lines["source_path"], lines["source_etag"], modified, lines["error"], account, *found]


def _read(
    raw: pa.Array, texts: list[bytes], source: Source
) -> tuple[list[tuple[pa.Array, Marks]], Marks, pa.Array]:
    """Each of the contract's fields as from `typed`; which lines are no object; unknown names."""
    if (read := json_lines.at_once(raw, texts, source)) is not None:
        none = np.zeros(len(raw), np.bool_)
        return [(read[f.name], none) for f in source.fields], none, pa.nulls(len(raw), _NAMES)
    names = [field.name for field in source.fields]
    known = {*names, *(name for name, _ in source.unused)}
    given: list[list[object]] = []
    no_object: list[bool] = []
    unknown: list[list[str] | None] = []
    # One at a time: as Python's objects they are many times as large.
    for record in json_lines.records(texts):
        given.append([record.get(name) for name in names] if record else [None] * len(names))
        no_object.append(record is None)
        others = dict.fromkeys(_written(name) for name in record or () if name not in known)
        unknown.append([*others] or None)
    columns = [typed(f, [row[place] for row in given]) for place, f in enumerate(source.fields)]
    return columns, np.array(no_object, np.bool_), pa.array(unknown, _NAMES)


def _written(name: str) -> str:
    """The name, halves of surrogate pairs replaced: they cannot be written down."""
    return name.encode(errors="replace").decode()


def _kept(judged: Sequence[Values], source: Source, count: int) -> Marks:
    """Which records are such as the tables are made of, if they are good."""
    if source.kept_only is None:
        return np.ones(count, np.bool_)
    column, value = source.kept_only
    place = [field.column for field in source.fields].index(column)
    return marks(pc.fill_null(pc.equal(judged[place].column, value), fill_value=False))


def _reasons(judged: Sequence[Values], kept: Marks, source: Source) -> Iterator[tuple[str, Marks]]:
    """Each possible reason why a record is no good, and which records it holds for."""
    for field, values in zip(source.fields, judged, strict=True):
        if field.required:
            yield f"{field.name}: missing", values.missing
        elif field.column in source.key:
            yield f"{field.name}: missing", values.missing & kept
        yield f"{field.name}: not {_expected(field)}", values.wrong


def _expected(field: Field) -> str:
    if field.kind == "text":
        return "a text"
    kind = "a whole number" if field.kind == "integer" else "a number"
    low, high = field.minimum, field.maximum
    return kind if low is None or high is None else f"{kind} from {low} to {high}"


def _lists(no_object: Marks, reasons: Sequence[tuple[str, Marks]]) -> pa.Array:
    """All reasons of each line, in the order of the contract."""
    told = [(NOT_ONE_OBJECT, no_object), *((reason, at & ~no_object) for reason, at in reasons)]
    if not any(at.any() for _, at in told):
        return _NONE.take(pa.repeat(0, len(no_object)))
    lists: list[list[str]] = [[] for _ in no_object]
    for reason, at in told:
        for row in np.flatnonzero(at):
            lists[row].append(reason)
    return pa.array(lists, _NAMES)
