"""One scenario whose tables are known to the last value: the same on every engine."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from spark.tables import TABLES
from tests.spark import model
from tests.spark.lakes import digest
from tests.spark.records import play, song

pytestmark = pytest.mark.core

GOLDEN = Path(__file__).with_name("engines_agree.json")
"""What the tables say, timestamps in microseconds. A change of it is a change of the product."""

NOON = 1541160000
FIRST = {
    "song-data/A/1.json": [song(1), song(2, duration=0.1 + 0.2), song(3, year=0, title="𝄞 日本 ß")],
    "song-data/A/2.json": [song(4, artist_location="", artist_latitude=-0.0, duration=1e-7)],
    "log-data/2018/11/1.json": [
        *(play(number) for number in range(5)),
        play(1),
        play(6, page="Home", userId=""),
        play(7, userId=" 7 ", length=None, userAgent=None, firstName="Ünï →"),
        play(8, ts=946684800000, length=123456789.123456789),
        play(9, ts=4102444799999, sessionId="12", level=None),
        play(10, artist="Artist 3", song="𝄞 日本 ß", length=203.25),
    ],
}
SECOND = {
    "song-data/A/3.json": [song(1, title="Later"), song(12, title="Later", artist_name="Artist 1")],
    "log-data/2018/11/2.json.gz": [play(11, song="Later", artist="Artist 1", length=212.25)],
    "log-data/2018/11/3.json": [{"page": "NextSong", "ts": 5}, play(12, length="long"), play(0)],
    "log-data/2018/11/4.json": [
        play(13, userId=["7"]),
        play(14, location={"city": "Lansing"}, userAgent=[]),
        play(15, location='{"city": "Lansing"}', firstName=' ["x"]', song='"song": [', artist=7),
        play(16, sessionId="38\n"),
        play(17, length="1.5\n", itemInSession="17\r\n", ts="1541105847796\u2028"),
    ],
    "song-data/A/4.json": [
        song(5, song_id={"id": "SO0005"}),
        song(6, title=[[]]),
        song(7, title="["),
    ],
}


def body(key: str, records: list[dict[str, Any]]) -> bytes:
    """The object's bytes, letters as they are; the same bytes for the same records."""
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()
    return gzip.compress(text, compresslevel=0, mtime=0) if key.endswith(".gz") else text


def test_tables_are_the_known_ones_on_every_engine(lake: Any) -> None:
    """Timestamps, doubles, nulls, letters of all kinds, hashes and counts are equal everywhere."""
    for number, landed in enumerate((FIRST, SECOND)):
        for key, records in landed.items():
            lake.put(key, body(key, records), modified=NOON + number)
        lake.run()
    said = lake.says(TABLES)
    golden = json.loads(GOLDEN.read_text())
    for table in TABLES:
        assert said[table.name] == golden[table.name], table.name
        assert digest(said[table.name]) == digest(golden[table.name]), table.name


def test_the_known_tables_are_what_the_law_says(engine: Any) -> None:
    """The golden tables were not just copied from an engine: the plain model gives them too."""
    del engine
    landed = [(FIRST, NOON), (SECOND, NOON + 1)]
    versions = {
        model.Version(key=key, body=body(key, records), modified=modified)
        for files, modified in landed
        for key, records in files.items()
    }
    golden = json.loads(GOLDEN.read_text())
    assert model.differences(golden, model.tables(versions)) == {}
