"""Input that is bad, late, twice, changed underfoot or not there: what the pipeline makes of it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from tests.fault.faults import Fault, Rule
from tests.spark.records import play, song

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import Ended, World

UNDERFOOT = Fault(name="changed underfoot", carried_out=True, through=True)
"""What the rule does to the object happens before the call, which is then carried out."""


def lines(*records: dict[str, Any]) -> bytes:
    """Records as newline-delimited JSON."""
    return "\n".join(json.dumps(record) for record in records).encode()


def good(world: World, *arguments: str) -> Ended:
    """A run that succeeds and leaves nothing behind."""
    ended = world.run(*arguments)
    assert ended.code == 0, ended.told
    assert world.left() == []
    for account in (one for found in world.accounts().values() for one in found):
        assert account[0] == sum(account[1:]), account
    return ended


def test_the_same_input_three_times(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 1: the second and the third run read nothing, and no row comes or goes."""
    for new in (True, False, False):
        ended = good(world, "--source", str(source))
        assert (ended.document["records"]["read"] > 0) is new
        whole(world)


def test_an_older_file_that_arrives_late(world: World) -> None:
    """Fault 5: the newer song and the newer level of a user stay."""
    world.land("song-data/new.json", lines(song(1, title="New")), age=1000)
    world.land("log-data/new.json", lines(play(1, level="paid", ts=1541200000000)), age=1000)
    good(world)
    world.land("song-data/old.json", lines(song(1, title="Old")), age=10)
    world.land("log-data/old.json", lines(play(1, level="free", ts=1541100000000)), age=2000)
    ended = good(world)
    assert ended.document["files"]["ingested"] == 2
    assert [row["title"] for row in world.rows("songs")] == ["New"]
    assert [row["level"] for row in world.rows("users")] == ["paid"]
    assert len(world.rows("songplays")) == 2


def test_one_key_many_times(world: World) -> None:
    """Fault 6: in one file, in two files of one run, and as exact repetitions: one row."""
    world.land("log-data/1.json", lines(play(1), play(1), play(1, level="paid"), play(2)), age=1)
    world.land("log-data/2.json", lines(play(1), play(2)), age=2)
    ended = good(world)
    assert len(world.rows("songplays")) == 2
    assert ended.document["records"].items() >= {"read": 6, "good": 4, "duplicates": 2}.items()


def test_the_same_objects_uploaded_once_more(world: World, source: Path) -> None:
    """Fault 6: to S3 they are new versions; they are read again, and no row comes or goes."""
    before = good(world, "--source", str(source)).document
    logs = sorted(source.glob("log-data/**/*.json"))
    for path in logs:
        key = str(path.relative_to(source))
        found = world.target.aws.s3.head_object(Bucket=world.zones["landing-zone"], Key=key)
        world.land(key, path.read_bytes(), int(found["Metadata"]["sha256"][:8], 16) + 1)
    again = good(world).document
    assert again["files"]["new"] == len(logs)
    for table in ("songs", "artists", "users", "time", "songplays"):
        assert again["tables"][table]["rows"] == before["tables"][table]["rows"]


def test_bad_lines(world: World) -> None:
    """Fault 8: each kind goes to the quarantine with its reason; the good lines stay."""
    bad = [
        json.dumps(play(2, ts="soon")).encode(),
        json.dumps({k: v for k, v in play(3).items() if k != "ts"}).encode(),
        b'{"page": "NextSong", "song": "unclosed',
        json.dumps(play(4)).encode() + b" trailing",
        b"[1, 2]",
        '{"page": "NextSong", "song": "caf\u00e9"}'.encode("latin-1"),
        b"\x00",
    ]
    world.land("log-data/1.json", b"\n".join([b"\xef\xbb\xbf" + lines(play(1)), *bad]) + b"\r\n")
    ended = good(world, "--max-quarantined-fraction", "1.0")
    assert ended.document["records"].items() >= {"read": 8, "good": 1, "quarantined": 7}.items()
    assert len(world.rows("songplays")) == 1
    kept = world.rows("quarantined_records")
    assert len(kept) == 7
    assert all(row["reasons"] for row in kept)


def test_objects_without_records(world: World) -> None:
    """Fault 9: empty ones and markers are no input; a cut gzip is told and stops nobody else."""
    whole = gzip.compress(lines(song(1)))
    world.land("song-data/", b"")
    world.land("song-data/_SUCCESS", b"")
    world.land("song-data/empty.json", b"")
    world.land("song-data/empty.json.gz", b"")
    world.land("song-data/nothing.json.gz", gzip.compress(b""))
    world.land("song-data/cut.json.gz", whole[: len(whole) // 2])
    world.land("song-data/good.json.gz", whole)
    ended = good(world)
    told = [(one["path"].rpartition("/")[2], one["error"]) for one in ended.document["failures"]]
    assert ("cut.json.gz", "the gzip was cut short (EOFError)") in told
    assert "good.json.gz" not in {name for name, _ in told}
    assert len(world.rows("songs")) == 1


def test_fields_that_come_go_and_change(world: World) -> None:
    """Fault 10: a new field, a renamed one, a wider type and another order are told as drift."""
    as_ever = song(1)
    widened = song(2, year="1999", duration="200.5")
    renamed = {("name" if k == "title" else k): v for k, v in song(3).items()}
    reordered = dict(reversed(song(4, mood="blue").items()))
    for number, record in enumerate((as_ever, widened, renamed, reordered)):
        world.land(f"song-data/{number}.json", lines(record), age=number)
    ended = good(world, "--max-quarantined-fraction", "1.0")
    songs = {row["song_id"]: row for row in world.rows("songs")}
    assert songs["SO0004"]["title"] == song(4)["title"]
    assert (songs["SO0002"]["year"], songs["SO0002"]["duration"]) == (1999, 200.5)
    assert "mood" in json.dumps(ended.document["drift"])
    assert "name" in json.dumps(ended.document["drift"])


def test_an_object_that_is_bad_throughout(world: World) -> None:
    """Fault 11: it is held, no table has anything of it; accepted, its records are quarantined."""
    world.land("song-data/good.json", lines(song(1)))
    world.land("log-data/bad.json", b"no json\n" * 29 + b"none either")
    ended = good(world)
    assert [one["path"].rpartition("/")[2] for one in ended.document["held"]] == ["bad.json"]
    assert (len(world.rows("songs")), world.rows("quarantined_records")) == (1, [])
    ended = good(world, "--accept", "log-data/bad.json")
    assert ended.document["records"]["quarantined"] == 30
    kept = world.rows("quarantined_records")
    assert sum(row["occurrences"] for row in kept) == 30


def test_an_object_overwritten_or_deleted_while_it_is_read(world: World) -> None:
    """Fault 12: neither the old nor half of the new gets in; the next run takes the new one."""
    for number in (1, 2, 3):
        world.land(f"song-data/{number}.json", lines(song(number)), age=number)
    landing = world.zones["landing-zone"]

    def overwrite() -> None:
        world.land("song-data/1.json", lines(song(1, title="Later")), age=100)

    def delete() -> None:
        world.target.aws.s3.delete_object(Bucket=landing, Key="song-data/2.json")

    rules = [
        world.jobs.rules.add(Rule(rf"GET \S*/song-data/{key}\.json", UNDERFOOT, then=then))
        for key, then in (("1", overwrite), ("2", delete))
    ]
    first = good(world)
    assert [len(rule.hit) for rule in rules] == [1, 1]
    assert first.document["files"]["ingested"] == 1
    assert {row["song_id"] for row in world.rows("songs")} == {"SO0003"}
    good(world)
    titles = {row["song_id"]: row["title"] for row in world.rows("songs")}
    assert titles == {"SO0001": "Later", "SO0003": song(3)["title"]}
