"""A dry run says what a run would ingest and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark import apply
from spark.arguments import parse
from spark.errors import ArgumentError


def objects(lake: Any) -> set[tuple[str, str]]:
    """Every object of every zone with its ETag, but the runs' reports."""
    zones = (lake.landing, lake.bronze, lake.processing)
    found = (version for zone in zones for version in lake.storage.list(f"{zone}/"))
    return {(v.path, v.etag) for v in found if not v.path.startswith(f"{lake.processing}/reports/")}


def test_a_dry_run_counts_by_source_and_changes_nothing(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Before there is any table; then with new, changed, held, failed and too large objects."""
    lake.put("song-data/1.json", [make_song(1)])
    before = objects(lake)
    first = lake.run(dry_run="true")
    assert first["dry_run"] is True
    assert first["sources"]["songs"].items() >= {"listed": 1, "new": 1, "changed": 0}.items()
    assert objects(lake) == before

    bad = lake.put("log-data/bad.json", "\n".join(["broken"] * 30))
    lake.put("log-data/cut.json.gz", b"no gzip")
    lake.run()
    lake.put("song-data/1.json", [make_song(1, title="Other")])
    small = [make_play(1)]
    lake.put("log-data/small.json", small)
    lake.put("log-data/large.json", [make_play(n) for n in range(50)])
    before = objects(lake)
    plan = lake.run(dry_run="true", max_object_bytes=5000)
    assert objects(lake) == before
    songs, logs = plan["sources"]["songs"], plan["sources"]["logs"]
    assert (songs["listed"], songs["new"], songs["changed"]) == (1, 1, 1)
    assert (logs["listed"], logs["new"], logs["changed"], logs["too_large"]) == (4, 2, 0, 1)
    assert logs["bytes"] == len(json.dumps(small[0]))
    assert [found["path"] for found in plan["held"]] == [bad]
    assert [found["attempts"] for found in plan["failures"]] == [1]
    assert (logs["again"], logs["released"]) == (0, 0)
    accepting = lake.run(dry_run="true", accept="log-data/bad.json")
    assert accepting["sources"]["logs"]["released"] == 1
    assert objects(lake) == before


def test_a_dry_run_leaves_open_batches_open(lake: Any, make_song: Any, monkeypatch: Any) -> None:
    """What an earlier run left is counted apart: it is seen already."""

    class KilledError(BaseException):
        """Stands for the death of the driver."""

    def deadly(*_: Any) -> None:
        raise KilledError

    lake.put("song-data/1.json", [make_song(1)])
    with monkeypatch.context() as patch:
        patch.setattr(apply, "apply", deadly)
        with pytest.raises(KilledError):
            lake.run()
    before = objects(lake)
    plan = lake.run(dry_run="true")
    assert plan["open_batches"] == 1
    assert plan["sources"]["songs"]["new"] == 0
    assert objects(lake) == before


def test_a_dry_run_of_a_reprocess_says_what_it_would_read(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Under the prefix alone, and what was never read apart; nothing changes."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    body = [make_play(2)]
    lake.put("log-data/2.json", body)
    before = objects(lake)
    plan = lake.run(task="reprocess", reprocess="log-data/", dry_run="true")
    songs, logs = plan["sources"]["songs"], plan["sources"]["logs"]
    assert (songs["listed"], logs["listed"], logs["again"], logs["new"]) == (0, 2, 1, 1)
    assert logs["bytes"] == 2 * len(json.dumps(body[0]))
    assert (plan["gone"], plan["lost"]) == (0, {"removed": 0, "altered": 0, "elsewhere": 0})
    assert objects(lake) == before


def test_only_what_reads_input_can_be_tried() -> None:
    """A dry run of another task is refused, not run."""
    zones = ["--landing", "s3://landing", "--bronze", "s3://bronze", "--processing", "s3://work"]
    with pytest.raises(ArgumentError, match="--dry_run"):
        parse([*zones, "--run_id", "r", "--task", "maintain", "--dry_run", "true"])
