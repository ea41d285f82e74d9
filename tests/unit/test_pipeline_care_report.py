"""What maintenance prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.care_report import print_maintenance, print_restore, size

if TYPE_CHECKING:
    from typing import Any


def sizes(files: int, amount: int) -> dict[str, int]:
    """A table's size, where nothing is stored beside the live files."""
    return {"files": files, "bytes": amount, "stored_files": files, "stored_bytes": amount}


def test_each_table_has_a_line_with_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts that changed show both values, others one; batches finished first are named."""
    document: dict[str, Any] = {
        "tables": {
            "songs": {"before": sizes(1300, 4_100_000), "after": sizes(1, 900_000)},
            "time": {"before": sizes(1, 812), "after": sizes(1, 812)},
        },
        "finished_runs": ["run-7"],
        "dropped_runs": ["run-8"],
        "removed": {"stages": 1, "quarantined_records": 1200},
        "retention_hours": 168,
    }
    print_maintenance(document)
    header, songs, time, *rest = capsys.readouterr().out.splitlines()
    assert header.split() == ["table", "files", "size", "stored", "files", "stored", "size"]
    assert " ".join(songs.split()).startswith("songs 1,300 -> 1 4.1 MB -> 900.0 KB")
    assert time.split() == ["time", "1", "812", "B", "1", "812", "B"]
    assert rest[0] == "finished first: run-7"
    assert rest[1].startswith("dropped: what run run-8 read again")
    assert rest[2] == "removed: 1 stages, 1,200 quarantined records"
    assert "the last 168 hours" in rest[3]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (2_500_000_000_000_000, "2500.0 TB")],
)
def test_sizes_are_written_for_people(count: int, text: str) -> None:
    """The largest unit is the last one."""
    assert size(count) == text


def test_a_restore_says_what_is_undone(capsys: pytest.CaptureFixture[str]) -> None:
    """Each table's versions, the runs, and what happens next; or that nothing had to be done."""
    document: dict[str, Any] = {
        "restored_run": "run-2",
        "undone_runs": ["run-2", "run-3"],
        "tables": {"songs": {"from": 7, "to": 3}},
    }
    print_restore(document)
    _, songs, undone, then = capsys.readouterr().out.splitlines()
    assert songs.split() == ["songs", "7", "3"]
    assert undone == "undone: run-2, run-3"
    assert "the next run takes" in then
    print_restore({"restored_run": "run-2", "undone_runs": [], "tables": {}})
    assert "run-2 was undone before" in capsys.readouterr().out
