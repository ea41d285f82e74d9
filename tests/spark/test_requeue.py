"""Refused records of objects that are gone: a newer contract takes them from the quarantine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark import apply, ledger, manifest, stage
from spark.contract import CONTRACT_VERSION
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS, TABLES, USERS
from tests.spark.other_contract import NEWER, newer_contract
from tests.spark.test_reprocess import KilledError, dying_after

REQUEUE = {"task": "reprocess", "requeue": "true"}
UPLOADED = 1541160000
NOTHING_LOST = {"removed": 0, "altered": 0, "elsewhere": 0}


def early(make_play: Any, number: int, **changes: object) -> str:
    """A play of 1970: today's contract refuses it, the newer one takes it."""
    return json.dumps(make_play(number, ts=number, **changes))


def begin(lake: Any, make_song: Any, make_play: Any) -> None:
    """Two contents of one object and another object, each read in its time; then only one is there.

    The gone ones have good records, early ones (one of them twice, one for a page that is no play)
    and bad ones.
    """
    lake.put("song-data/1.json", [make_song(1)], modified=UPLOADED)
    good, bad = json.dumps(make_play(1)), '{"cut'
    first = [good, early(make_play, 2), early(make_play, 2), bad, bad]
    lake.put("log-data/a.json", "\n".join(first), modified=UPLOADED)
    lake.put("log-data/there.json", f"{early(make_play, 3)}\n{good}", modified=UPLOADED)
    lake.run()
    home = early(make_play, 5, page="Home")
    second = [early(make_play, 4, song='Title "1" é', artist="Artist 1"), home]
    lake.put("log-data/a.json", "\n".join(second), modified=UPLOADED + 1)
    lake.run()
    lake.storage.delete([f"{lake.landing}/log-data/a.json"])


def accounts(lake: Any) -> list[tuple[Any, ...]]:
    """Of each log in the ledger: read, kept, ignored, quarantined, duplicates, where from."""
    return [
        (
            *(row[name] for name in ("records_read", "kept", "ignored", "quarantined")),
            *(row[name] for name in ("duplicates", "from_quarantine", "contract_version")),
        )
        for row in sorted(lake.rows(INGESTED_FILES), key=lambda row: str(row["source_modified"]))
        if "log-data" in row["source_path"] and "/a.json" in row["source_path"]
    ]


def check_requeued(lake: Any) -> None:
    """Every record is where the newer contract wants it, once, and every account has moved."""
    assert accounts(lake) == [
        (5, 2, 0, 2, 1, 2, CONTRACT_VERSION),
        (2, 1, 1, 0, 0, 2, CONTRACT_VERSION),
    ]
    left = lake.rows(QUARANTINED_RECORDS)
    assert [(r["raw"], r["occurrences"], r["contract_version"]) for r in left] == [
        ('{"cut', 2, NEWER)
    ]
    plays = sorted((row["item_in_session"], row["song_id"]) for row in lake.rows(SONGPLAYS))
    assert plays == [(1, "SO0001"), (2, None), (3, None), (4, "SO0001")]
    # The play of 1970 that came last is of user 1, too.
    newest = {row["user_id"]: row["event_ts"] for row in lake.rows(USERS)}
    assert newest == {"0": 3, "1": 1541105831796, "2": 2}


def test_records_of_objects_that_are_gone_come_from_the_quarantine(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Each once, with its account moved and its origin told; what is there is read from there.

    What is still bad stays with the newer contract's number, and a second requeue finds nothing.
    """
    begin(lake, make_song, make_play)
    assert accounts(lake) == [
        (5, 1, 0, 4, 0, None, CONTRACT_VERSION),
        (2, 0, 0, 2, 0, None, CONTRACT_VERSION),
    ]
    with newer_contract():
        before = lake.content(TABLES)
        plan = lake.run(**REQUEUE, dry_run="true")
        assert (plan["gone"], plan["lost"]) == (2, NOTHING_LOST)
        assert plan["from_quarantine"] == {"versions": 2, "records": 6}
        assert (plan["sources"]["logs"]["again"], plan["sources"]["logs"]["listed"]) == (1, 1)
        assert lake.content(TABLES) == before
        report = lake.run(**REQUEUE)
    assert (report["gone"], report["lost"]) == (2, NOTHING_LOST)
    assert report["from_quarantine"] == {"versions": 2, "taken": 4, "removed": 0}
    assert len(report["batches"]) == 3
    check_requeued(lake)
    with newer_contract():
        again = lake.run(**REQUEUE)
    assert (again["files"]["new"], again["batches"]) == (0, [])
    assert again["lost"] == NOTHING_LOST


DEATHS: tuple[tuple[Any, str], ...] = (
    (stage, "parse_again"),
    (manifest, "write"),
    (apply, "keep"),
    (apply, "_songplays"),
    (apply, "_upsert"),
    (apply, "_time"),
    (apply, "release"),
    (ledger, "record"),
)
"""After each of these a run dies, on the way of one and the same batch."""


def test_a_requeue_without_objects_may_die_at_every_step(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """The next run of any task takes the batch on, again and again, and nothing is there twice.

    Before the manifest nothing counts as seen, so that it has to be asked for again. The second
    content of the same object is a batch of its own.
    """
    begin(lake, make_song, make_play)
    lake.storage.delete([f"{lake.landing}/log-data/there.json"])
    with newer_contract():
        for owner, name in DEATHS:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(owner, name, dying_after(getattr(owner, name)))
                with pytest.raises(KilledError):
                    lake.run(**REQUEUE if owner in {stage, manifest} else {})
        assert len(lake.run()["finished_runs"]) == 1
        assert lake.run(**REQUEUE)["from_quarantine"]["versions"] == 1
    check_requeued(lake)
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []


def test_what_cannot_come_back_is_told_with_the_reason(
    lake: Any, make_song: Any, make_play: Any
) -> None:
    """Rows that were deleted, texts that were blotted out: counted, never guessed at.

    The others come back, the account still balances, and the altered row stays where it is.
    """
    begin(lake, make_song, make_play)
    bronze = lake.bronze_zone()
    rows = lake.read(QUARANTINED_RECORDS).collect()
    kept = lake.spark.createDataFrame(rows, QUARANTINED_RECORDS.ddl)
    bronze.delete(QUARANTINED_RECORDS, kept.where("raw like '%\"ts\": 4,%'"))
    blotted = kept.where("raw like '%\"ts\": 2,%'").selectExpr(
        *("'x' as raw" if name == "raw" else name for name in QUARANTINED_RECORDS.column_names)
    )
    bronze.merge(QUARANTINED_RECORDS, blotted, update_when="true")
    for _ in range(2):
        with newer_contract():
            report = lake.run(**REQUEUE)
        assert report["lost"] == {"removed": 1, "altered": 2, "elsewhere": 0}
    assert accounts(lake) == [
        (5, 1, 0, 4, 0, None, CONTRACT_VERSION),
        (2, 0, 1, 1, 0, 1, CONTRACT_VERSION),
    ]
    left = {row["raw"]: row["contract_version"] for row in lake.rows(QUARANTINED_RECORDS)}
    assert left == {"x": CONTRACT_VERSION, '{"cut': NEWER}
