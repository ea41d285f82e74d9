"""Counts of a version's records: the same however its lines are cut, mixed with others' or many."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark import account
from spark.account import Counts
from spark.contract import LOG_SOURCE, SONG_SOURCE
from spark.errors import StageError
from spark.parser import parse
from spark.quality import RecordRule
from spark.reader import LINES
from spark.tables import INGESTED_FILES
from tests.spark.records import play, song

pytestmark = pytest.mark.core

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spark.contract import Source

RULES = (
    RecordRule(table="songs", source="songs", column="title"),
    RecordRule(table="songs", source="songs", column="duration", minimum=1, maximum=100),
    RecordRule(table="songs", source="songs", column="year", minimum=2000),
)
Row = tuple[str, str | None]
"""A path, and a line; None for the last row."""

SONGS = st.builds(
    lambda **record: json.dumps(record),
    song_id=st.sampled_from(["A", "B", "C", "", None]),
    artist_id=st.sampled_from(["X", 7]),
    title=st.sampled_from(["t", None]),
    duration=st.sampled_from([0.5, 1, 100, 101, -1, "long", None]),
    year=st.sampled_from([1999, 2000, None]),
)
KINDS: tuple[dict[str, object], ...] = ({}, {"page": "Home"}, {"userId": None}, {"sessionId": -1})
"""Events: one that is a row, one that is ignored, two that are quarantined."""

VERSIONS = st.lists(
    st.lists(st.one_of(SONGS, st.sampled_from(["{", "[]"])), max_size=12), max_size=4
)


def read(rows: Sequence[Row]) -> pa.RecordBatch:
    """The rows as the reader gives them."""
    arrays = [
        pa.array([path for path, _ in rows], pa.string()),
        pa.array([1] * len(rows), pa.int64()),
        pa.array(["etag"] * len(rows), pa.string()),
        pa.array([line for _, line in rows], pa.string()),
        pa.array(["ok" if line is None else None for _, line in rows], pa.string()),
    ]
    return pa.record_batch(arrays, schema=LINES)


def counted(
    rows: Sequence[Row],
    cuts: Iterable[int] = (),
    source: Source = SONG_SOURCE,
    rules: Sequence[RecordRule] = RULES,
    **options: Any,
) -> dict[str, Counts]:
    """The counts in the last rows of these rows, parsed in batches cut at these places."""
    whole = read(rows)
    places = sorted({0, *cuts, len(rows)})
    batches = [whole.slice(a, b - a) for a, b in pairwise(places)]
    found = {}
    for batch in parse(batches, source, rules, **options):
        for row in batch.to_pylist():
            assert (row["account"] is None) == (row["error"] is None)
            if row["account"] is not None:
                found[row["source_path"]] = Counts.told(row["account"])
    return found


def one_by_one(lines: Sequence[str]) -> Counts:
    """What the parser's columns of each line, alone, add up to."""
    counts = Counts(broken=[0] * len(RULES))
    reasons: Counter[str] = Counter()
    keys = set()
    for line in lines:
        (row, _) = next(iter(parse([read([("p", line), ("p", None)])], SONG_SOURCE))).to_pylist()
        counts.records_read += 1
        if row["reasons"]:
            counts.quarantined += 1
            reasons.update(row["reasons"])
            continue
        counts.rows += 1
        keys.add(row["song_id"])
        counts.broken[0] += row["title"] is None
        counts.broken[1] += row["duration"] is not None and not 1 <= row["duration"] <= 100
        counts.broken[2] += row["year"] is not None and row["year"] < 2000
    counts.keys, counts.reasons = len(keys), dict(reasons)
    return counts


@settings(deadline=None, max_examples=50)
@given(VERSIONS, st.data())
def test_counts_are_those_of_the_lines(versions: list[list[str]], data: st.DataObject) -> None:
    """Of each version, whatever comes between its lines, and wherever batches end."""
    lines: list[Row] = [(f"v{n}", line) for n, version in enumerate(versions) for line in version]
    mixed = data.draw(st.permutations(lines))
    ends: list[Row] = [(f"v{n}", None) for n in range(len(versions))]
    rows = [*mixed, *ends]
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4))
    found = counted(rows, cuts)
    expected = {f"v{n}": one_by_one(version) for n, version in enumerate(versions)}
    assert {path: asdict(c) for path, c in found.items()} == {
        path: asdict(c) for path, c in expected.items()
    }
    in_order: list[Row] = []
    for n, version in enumerate(versions):
        in_order += [(f"v{n}", line) for line in [*version, None]]
    assert counted(in_order, cuts) == found


def test_keys_that_do_not_fit_are_left_to_the_engine() -> None:
    """Those of the largest version first; the rest is counted all the same, of the others too."""
    long = "x" * 500
    rows: list[Row] = [("large", json.dumps(song(1, song_id=f"{n % 2}{long}"))) for n in range(6)]
    rows += [("small", json.dumps(song(n % 2))) for n in range(6)]
    rows += [("small", None), ("large", None), ("none", None)]
    assert {path: c.keys for path, c in counted(rows, [3]).items()} == {
        "large": 2, "small": 2, "none": 0
    }  # fmt: skip
    found = counted(rows, [3], max_key_bytes=2000)
    assert {path: c.keys for path, c in found.items()} == {"large": None, "small": 2, "none": 0}
    assert {c.rows for path, c in found.items() if path != "none"} == {6}
    assert {c.keys for c in counted(rows, [3], max_key_bytes=10).values()} == {None, 0}


def test_what_was_held_is_let_go_with_its_version() -> None:
    """One version after the other takes no more than the largest of them."""
    each = [json.dumps(song(n)) for n in range(40)]
    rows: list[Row] = [(f"v{n}", line) for n in range(30) for line in [*each, None]]
    found = counted(rows, range(0, len(rows), 41), max_key_bytes=1000)
    assert {c.keys for c in found.values()} == {40}


def test_a_range_of_doubles_takes_whole_numbers_that_are_none() -> None:
    """As SQL did: nothing that is told or raised may quote such a number."""
    rule = RecordRule(table="songplays", source="logs", column="session_id", maximum=1e9)
    lines = [json.dumps(play(1, sessionId=session)) for session in (2**53 + 3, 3)]
    rows: list[Row] = [("p", line) for line in [*lines, None]]
    assert counted(rows, source=LOG_SOURCE, rules=[rule])["p"].broken == [1]


def test_lines_without_their_last_row_are_not_counted_in_silence() -> None:
    """They would be missing from every account."""
    with pytest.raises(StageError, match="v"):
        counted([("v", json.dumps(song(1))), ("w", None)])


def test_ignored_records_are_neither_rows_nor_keys() -> None:
    """A log has events that are no plays."""
    lines = [json.dumps(play(n, page="Home" if n % 2 else "NextSong")) for n in range(5)]
    counts = counted([("p", line) for line in [*lines, None]], source=LOG_SOURCE, rules=())["p"]
    assert (counts.records_read, counts.rows, counts.keys, counts.ignored) == (5, 3, 3, 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(KINDS)), max_size=8), st.data())
def test_moments_are_those_of_the_rows(
    events: list[tuple[int, dict[str, object]]], data: st.DataObject
) -> None:
    """The first and the last, in any order; not those of what is ignored or quarantined."""
    ts = 1541105830796
    lines = [json.dumps(play(1, ts=ts + moment, **kind)) for moment, kind in events]
    rows: list[Row] = [("p", line) for line in [*lines, None]]
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=3))
    counts = counted(rows, cuts, source=LOG_SOURCE, rules=())["p"]
    moments = [ts + moment for moment, kind in events if not kind]
    assert counts.first == min(moments, default=None)
    assert counts.last == max(moments, default=None)


def test_the_engine_counts_keys_that_are_too_many(
    lake: Any, make_song: Any, monkeypatch: Any
) -> None:
    """With the same account, and an object of few beside it."""
    monkeypatch.setattr(account, "MAX_KEY_BYTES", 50)
    lake.put("song-data/many.json", [make_song(n % 4) for n in range(7)])
    lake.put("song-data/few.json", [make_song(9), make_song(9)])
    lake.run()
    found = {row["source_path"].rpartition("/")[2]: row for row in lake.rows(INGESTED_FILES)}
    counts = {
        name: (row["records_read"], row["kept"], row["duplicates"]) for name, row in found.items()
    }
    assert counts == {"many.json": (7, 4, 3), "few.json": (2, 1, 1)}
