"""Two ways to read lines, one meaning: what Arrow reads at once is what Python reads exactly."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark import json_lines
from spark.contract import LOG_SOURCE, SONG_SOURCE, SOURCES, Source
from spark.lines import texts as line_texts
from spark.parser import NOT_ONE_OBJECT, columns, parse
from spark.reader import LINES
from tests.spark.records import play, song

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.core

CLEAN = {"songs": song, "logs": play}
Rows = list[dict[str, Any]]


def read(texts: Sequence[str | None], source: Source, *, exactly: bool = False) -> Rows:
    """The parsed rows of a version's lines; `exactly` without the quick way."""
    texts = [*texts, None]
    size = len(texts)
    ends = ["ok" if text is None else None for text in texts]
    values: list[Any] = [["s3://landing/1.json"] * size, [1] * size, ["etag"] * size, texts, ends]
    arrays = [pa.array(column, kind.type) for column, kind in zip(values, LINES, strict=True)]
    batch = pa.record_batch(arrays, schema=LINES)
    way = mock.patch.object(json_lines, "at_once", return_value=None) if exactly else nullcontext()
    with way:
        return [row for part in parse([batch], source) for row in part.to_pylist()][:-1]


def at_once(texts: list[str], source: Source) -> dict[str, pa.Array] | None:
    """What the quick way makes of the lines."""
    return json_lines.at_once(pa.array(texts), [text.encode() for text in texts], source)


NUMBERS = st.sampled_from(
    [
        *("0", "-0", "-1", "1.0", "1e5", "1E400", "-1e-400", "01", "1.", ".5", "+1", "-", "0x1F"),
        *("NaN", "Infinity", "-Infinity", "2018", "1541105830796", "0.1234567890123456789"),
        *("9223372036854775807", "9223372036854775808", "123456789.123456789"),
    ]
)
OTHERS = st.sampled_from(
    [
        *("null", "true", "false", "{}", "[]", '[{"a": 1}]', '""', '" "', '" 7 "', '"7"', '"1e2"'),
        *('"NextSong"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"a\\\\"', '"}"', '"{"'),
        *('"\t"', '"x', "x", "", "'x'", '"\\x"', '"\\/"', '"[a]"', '"\x7f"', '"\u2028"', "1, 2"),
    ]
)
ENDS = st.sampled_from(["", "", "", " ", "\r", "\t", "}", ",", " x }", "{}", ",{}", "/* */", "]"])


@st.composite
def lines(draw: st.DrawFn, source: Source) -> str:
    """A line that is nearly what a source holds: a value, a name or an end is not."""
    record = CLEAN[source.name](draw(st.integers(0, 3)))
    texts = {json.dumps(name): json.dumps(value) for name, value in record.items()}
    names = st.sampled_from([*texts, '"p\\u0061ge"', '"new"', '""', "bare", '"\\ud800"'])
    texts |= draw(st.dictionaries(names, NUMBERS | OTHERS, max_size=2))
    for name in draw(st.lists(names, max_size=1)):
        texts.pop(name, None)
    pairs = [f"{name}: {value}" for name, value in texts.items()]
    twice = draw(st.lists(st.sampled_from(pairs), max_size=1))
    line = "{" + ", ".join(pairs + twice) + "}"
    start = draw(st.sampled_from(["", "", "", " ", "\ufeff", "[", "{}"]))
    cut = draw(st.sampled_from([None, None, None, -1, len(line) // 2]))
    return start + line[:cut] + draw(ENDS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@given(data=st.data())
def test_both_ways_agree(source: Source, data: st.DataObject) -> None:
    """On every column, whatever the lines are."""
    one = (
        st.just("{}")
        | lines(source)
        | st.builds(lambda n: json.dumps(CLEAN[source.name](n)), st.integers(0, 3))
    )
    texts = data.draw(st.lists(st.none() | one, min_size=1, max_size=4))
    assert read(texts, source) == read(texts, source, exactly=True)


def test_what_the_contract_expects_is_read_at_once() -> None:
    """All fields or few, in any order, null or not; a last row of a version in between."""
    assert at_once([json.dumps(song(1)), '{"song_id": "S"}'], SONG_SOURCE) is not None
    plays = [play(1), play(2, artist=None, registration=None), dict(reversed(play(3).items()))]
    assert at_once([json.dumps(one) for one in plays], LOG_SOURCE) is not None
    rows = read([json.dumps(plays[0]), None, json.dumps(plays[1])], LOG_SOURCE)
    assert [row["reasons"] for row in rows] == [[], None, []]
    assert [row["item_in_session"] for row in rows] == [1, None, 2]
    assert {*rows[0]} == {column.split()[0] for column in columns(LOG_SOURCE).split(", ")}


@pytest.mark.parametrize(
    "texts",
    [
        ['{"song_id": "A"', '"artist_id": "B"}'],
        ['{"song_id": "A"}{"song_id": "B"}', '{"song_id": "C"'],
        ['{"song_id": "A"}{"song_id": "B"}', "{}"],
        ['{"song_id": "A"', ', "artist_id": "B"}', '{"song_id": "C"}{"song_id": "D"}'],
        ['{"song_id": "A"}, {"song_id": "B"}', ""],
        ['{"song_id": "A}', '{", "artist_id": "B"}'],
        ['{"song_id": {"a": 1}', '{"b": 2}}'],
        ['{"song_id": "A"} {"x": 1}', "{}"],
        ['{"song_id": "A", "duration": NaN}', "{}"],
        ['{"song_id": "A", "num_songs": Infinity}', "{}"],
    ],
)
def test_no_line_lends_to_another(texts: list[str]) -> None:
    """Lines that are objects only together, or of which one is two, are judged each by itself."""
    assert at_once(texts, SONG_SOURCE) is None
    told = [row["reasons"] for row in read(texts, SONG_SOURCE)]
    assert told[0] == [NOT_ONE_OBJECT]


def test_brackets_without_end_are_refused() -> None:
    """A line of a million of them is one bad record: it neither ends the process nor its object."""
    for name in ("song_id", "new"):
        for bracket in ("[", '{"a":'):
            line = f'{{"{name}": ' + bracket * 1_000_000 + "}"
            rows = read([line, json.dumps(song(1))], SONG_SOURCE)
            assert [row["reasons"] for row in rows] == [[NOT_ONE_OBJECT], []]


def test_levels_of_brackets_are_counted() -> None:
    """In a field that no table has, 199 within the record's own are taken and 200 are not."""
    for levels, refused in ((199, []), (200, [NOT_ONE_OBJECT])):
        nested = "[" * levels + "]" * levels
        (row,) = read([f'{{"song_id": "A", "artist_id": "B", "new": {nested}}}'], SONG_SOURCE)
        assert row["reasons"] == refused


def test_an_empty_record_lacks_what_is_required() -> None:
    """Whichever way it is read: alone, and beside a line with an unknown field."""
    missing = ["song_id: missing", "artist_id: missing"]
    assert [row["reasons"] for row in read(["{}"], SONG_SOURCE)] == [missing]
    assert [row["reasons"] for row in read(["{}", '{"x": 1}'], SONG_SOURCE)] == [missing, missing]


@pytest.mark.parametrize("before", [b"", b"\\", b"\\\\", b"\\\\\\"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe2\x82", b"\xff\\\xfe"])
def test_bytes_that_are_no_utf8_are_never_taken(before: bytes, bad: bytes) -> None:
    """Nor where backslashes before them make an escape of what stands for them."""
    line = b'{"song_id": "A' + before + bad + b'", "artist_id": "B"}'
    (row,) = read(line_texts([line]).to_pylist(), SONG_SOURCE)
    assert row["reasons"] == [NOT_ONE_OBJECT]
    assert f"\\x{bad[0]:02x}" in row["raw"]


def test_long_lines_of_a_large_batch_go_a_few_at_a_time() -> None:
    """In their order, the odd one too."""
    long = "x" * 400_000
    texts: list[str | None] = [json.dumps(song(n, title=f"{n}{long}")) for n in range(90)]
    texts[70] = "{}"
    rows = read(texts, SONG_SOURCE)
    assert [n for n, row in enumerate(rows) if row["reasons"]] == [70]
    assert [row["title"][:2] for row in rows[:70:30]] == ["0x", "30", "60"]


def test_numbers_keep_their_digits() -> None:
    """As a text each is what was written; as a number the nearest double, by both ways."""
    digits = "0.12345678901234567"
    line = f'{{"song_id": {digits}, "artist_id": 7.0, "duration": {digits}, "year": "007"}}'
    (row,) = read([line], SONG_SOURCE)
    assert (row["song_id"], row["artist_id"]) == (digits, "7.0")
    assert (row["duration"], row["year"]) == (float(digits), 7)
