"""Nothing is lost: every record of every object version is accounted for."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from spark import stage
from spark.storage import Storage
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS, SONGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spark.storage import ObjectVersion


def accounts(lake: Any) -> dict[str, tuple[str, int, int, int, int, int]]:
    """Key -> status, read, kept, ignored, quarantined, duplicates."""
    return {
        row["source_path"].removeprefix(f"{lake.landing}/"): (
            row["status"],
            row["records_read"],
            row["kept"],
            row["ignored"],
            row["quarantined"],
            row["duplicates"],
        )
        for row in lake.rows(INGESTED_FILES)
    }


def test_bad_records_are_quarantined_with_all_their_reasons(lake: Any, make_play: Any) -> None:
    """Each record that breaks the contract is kept as text, with every reason, and counted."""
    bad = [
        '{"page": "NextSong", "ts": 15411',
        json.dumps([make_play(1)]),
        json.dumps(make_play(1)) + json.dumps(make_play(2)),
        json.dumps(make_play(2, ts="soon", userId=" ")),
        json.dumps(make_play(3, ts=99)),
        json.dumps(make_play(4, sessionId=None)),
        json.dumps(make_play(5, length="long", itemInSession=1.5)),
        json.dumps({"ts": 1541105830796}),
        "null",
    ]
    lines = [json.dumps(make_play(9)), *bad, bad[0], json.dumps(make_play(9)), "", "  \t"]
    lake.put("log-data/1.json", "\n".join(lines))
    report = lake.run()
    assert accounts(lake) == {"log-data/1.json": ("ingested", 12, 1, 0, 10, 1)}
    assert report["records"]["quarantined"] == 10
    assert report["reasons"]["line: not one JSON object"] == 5
    assert report["reasons"]["userId: missing"] == 1
    by_text = {row["raw"]: row for row in lake.rows(QUARANTINED_RECORDS)}
    assert set(by_text) == set(bad)
    assert by_text[bad[0]]["occurrences"] == 2
    reasons = [sorted(by_text[text]["reasons"]) for text in bad]
    allowed = "a whole number from 946684800000 to 4102444799999"
    assert reasons == [
        ["line: not one JSON object"],
        ["line: not one JSON object"],
        ["line: not one JSON object"],
        [f"ts: not {allowed}", "userId: missing"],
        [f"ts: not {allowed}"],
        ["sessionId: missing"],
        [
            "itemInSession: not a whole number from 0 to 9223372036854775807",
            "length: not a number from 0 to 1000000000",
        ],
        ["page: missing"],
        ["line: not one JSON object"],
    ]


def test_numbers_that_engines_read_differently_are_refused(lake: Any, make_song: Any) -> None:
    """What overflows, is no JSON number or lies out of range never reaches a table as another."""
    wrong = [
        json.dumps(make_song(1, year=3_000_000_000)),
        json.dumps(make_song(2, year="1e3")),
        json.dumps(make_song(3, duration=-1)),
        '{"song_id": "S", "artist_id": "A", "duration": NaN}',
        '{"song_id": "S", "artist_id": "A", "duration": 1e400}',
        "{'song_id': 'S', 'artist_id': 'A'}",
        json.dumps(make_song(4, artist_latitude=91)),
    ]
    lake.put("song-data/1.json", "\n".join(wrong))
    lake.run()
    assert accounts(lake)["song-data/1.json"] == ("ingested", 7, 0, 0, 7, 0)
    assert lake.rows(SONGS) == []


def test_bytes_of_all_kinds_are_read_or_refused_alone(lake: Any, make_song: Any) -> None:
    """BOM, CRLF, a last line without an end, latin-1 and NUL spoil no other line.

    The quarantine has a byte that is no UTF-8 as its number, and a NUL as it is.
    """
    good = [json.dumps(make_song(number), ensure_ascii=False).encode() for number in range(4)]
    latin = json.dumps(make_song(5, title="é"), ensure_ascii=False).encode("latin-1")
    body = b"\xef\xbb\xbf" + good[0] + b"\r\n" + good[1] + b"\n\n" + latin + b"\n"
    body += b"\x00" + good[2] + b"\n" + good[3]
    lake.put("song-data/1.json", body)
    lake.run()
    assert accounts(lake) == {"song-data/1.json": ("ingested", 5, 3, 0, 2, 0)}
    assert {row["song_id"] for row in lake.rows(SONGS)} == {"SO0000", "SO0001", "SO0003"}
    refused = {row["raw"]: row["reasons"] for row in lake.rows(QUARANTINED_RECORDS)}
    no_utf8 = json.dumps(make_song(5, title="?")).replace("?", r"\xe9")
    not_json = ["line: not one JSON object"]
    assert refused == {no_utf8: not_json, "\x00" + good[2].decode(): not_json}


KEYS = (
    "song-data/a b.json",
    "song-data/a+b.json",
    "song-data/a b/[1]{2}.json",
    "song-data/%20#?&+.json",
    "song-data/_hidden/.dot.json",
    "song-data/ünï→.json",
    "song-data/deep/er/and/deeper.json.gz",
)


def test_keys_may_hold_any_character(lake: Any, make_song: Any) -> None:
    """Keys that engines take for patterns or hide, or that S3 lists encoded, are read, gzip too."""
    for number, key in enumerate(KEYS):
        body = json.dumps(make_song(number)).encode()
        lake.put(key, gzip.compress(body) if key.endswith(".gz") else body)
    report = lake.run()
    assert report["files"]["ingested"] == len(KEYS)
    assert set(accounts(lake)) == set(KEYS)
    assert {row["source_path"] for row in lake.rows(SONGS)} == {
        f"{lake.landing}/{key}" for key in KEYS
    }


def test_objects_that_cannot_be_read_fail_alone(lake: Any, make_play: Any) -> None:
    """A gzip that was cut, or is none, and an object of blanks fail; the others go on."""
    whole = gzip.compress("\n".join(json.dumps(make_play(n)) for n in range(5000)).encode())
    lake.put("log-data/cut.json.gz", whole[:-2000])
    lake.put("log-data/none.json.gz", b"not a gzip")
    lake.put("log-data/blank.json", b" \n\n \n")
    lake.put("log-data/empty.json", b"")
    lake.put("log-data/folder/", b"")
    lake.put("log-data/notes.txt", b"no input")
    lake.put("log-data/good.json", [make_play(1)])
    report = lake.run()
    assert {key: status for key, (status, *_) in accounts(lake).items()} == {
        "log-data/cut.json.gz": "failed",
        "log-data/none.json.gz": "failed",
        "log-data/blank.json": "failed",
        "log-data/empty.json": "ingested",
        "log-data/good.json": "ingested",
    }
    assert report["files"]["failed"] == 3
    assert len(lake.rows(SONGPLAYS)) == 1


def test_a_failed_object_waits_for_its_next_attempt_and_a_new_upload_does_not(
    lake: Any, make_play: Any
) -> None:
    """A failed version is not tried again at once; a new upload of its key is read."""
    lake.put("log-data/1.json.gz", b"broken")
    assert lake.run()["files"]["failed"] == 1
    assert lake.run()["files"]["new"] == 0
    lake.put("log-data/1.json.gz", gzip.compress(json.dumps(make_play(1)).encode()))
    assert lake.run()["files"] == {
        "listed": 1,
        "new": 1,
        "ingested": 1,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    assert sorted(row["status"] for row in lake.rows(INGESTED_FILES)) == ["failed", "ingested"]


@pytest.mark.parametrize("change", ["overwritten", "deleted"])
def test_an_object_that_changes_after_the_listing_counts_as_not_seen(
    change: str, lake: Any, make_play: Any, monkeypatch: Any
) -> None:
    """The run leaves it out without an error; the next run reads what is there then."""
    lake.put("log-data/stays.json", [make_play(1)])
    lake.put("log-data/goes.json", [make_play(2)])
    real = stage.write

    def late(*args: Any) -> stage.Staged:
        if change == "deleted":
            lake.storage.delete_under(f"{lake.landing}/log-data/goes.json")
        else:
            lake.put("log-data/goes.json", [make_play(3), make_play(4)])
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(stage, "write", late)
        report = lake.run()
    files = report["files"]
    assert (files["new"], files["ingested"], files["failed"], files["changed"]) == (2, 1, 0, 1)
    assert len(lake.rows(SONGPLAYS)) == 1
    lake.run()
    assert len(lake.rows(SONGPLAYS)) == (1 if change == "deleted" else 3)


def test_an_object_that_is_listed_and_not_to_be_had_fails(
    lake: Any, make_play: Any, monkeypatch: Any
) -> None:
    """It leaves a trace: it is there as it was listed, and no reading of it succeeds."""
    lake.put("log-data/good.json", [make_play(1)])
    path = lake.put("log-data/never.json", [make_play(2)])
    listed = Storage.list

    def made_up(self: Storage, prefix: str, after: str = "") -> Iterator[ObjectVersion]:
        for version in listed(self, prefix, after):
            yield replace(version, etag="0" * 32) if version.path == path else version

    monkeypatch.setattr(Storage, "list", made_up)
    report = lake.run()
    files = report["files"]
    assert (files["new"], files["ingested"], files["failed"], files["changed"]) == (2, 1, 1, 0)
    told = "listed as it was, but Amazon S3 has another one or none"
    assert [(found["path"], found["error"]) for found in report["failures"]] == [(path, told)]
    assert accounts(lake)["log-data/never.json"] == ("failed", 0, 0, 0, 0, 0)


def test_what_is_no_input_by_its_name_is_counted(lake: Any, make_play: Any) -> None:
    """In the report and by a dry run, so that nobody waits for it; markers of folders are not."""
    for key in ("log-data/1.JSON", "log-data/1.json.zst", "song-data/a.csv", "song-data/1.json"):
        lake.put(key, [make_play(1)])
    lake.put("log-data/2018/", b"")
    lake.put("log-data/_SUCCESS", b"")
    lake.put("elsewhere/1.txt", b"text")
    assert lake.run(dry_run="true")["passed_over"] == 3
    files = lake.run()["files"]
    assert (files["listed"], files["passed_over"]) == (1, 3)


def test_a_large_object_is_cut_into_whole_lines(lake: Any, make_play: Any) -> None:
    """Lines that lie across the chunks of a streamed object stay whole."""
    lines = [json.dumps(make_play(number, userAgent="x" * 2000)) for number in range(6000)]
    lake.put("log-data/large.json", "\n".join(lines))
    lake.run()
    assert accounts(lake)["log-data/large.json"] == ("ingested", 6000, 6000, 0, 0, 0)


def test_a_line_over_the_limit_fails_its_object_alone(lake: Any, make_play: Any) -> None:
    """The ledger says why; the plays of the other object are there."""
    lake.put("log-data/long.json", json.dumps(make_play(1)) + "\n" + "x" * (17 * 1024 * 1024))
    lake.put("log-data/good.json", [make_play(2)])
    report = lake.run()
    assert accounts(lake)["log-data/long.json"] == ("failed", 0, 0, 0, 0, 0)
    assert [found["error"] for found in report["failures"]] == [
        "a line is longer than 16777216 bytes"
    ]
    assert len(lake.rows(SONGPLAYS)) == 1
