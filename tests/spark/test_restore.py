"""The restore task: the tables are what they were before a run, and its files count as new."""

from __future__ import annotations

from typing import Any

import pytest

from spark import apply, restore
from spark.care import care_of
from spark.tables import TABLES


class KilledError(BaseException):
    """Stands for a process that dies: nothing catches it."""


def die_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, calls: int) -> None:
    """Let the process die when `name` was called so often."""
    real = getattr(owner, name)
    left = [calls]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            raise KilledError
        return result

    monkeypatch.setattr(owner, name, deadly)


@pytest.fixture
def good(lake: Any, make_song: Any, make_play: Any) -> Any:
    """A lake after a good run, with the input of a bad one landed: it touches every table."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1), make_play(2)])
    lake.run()
    lake.put("song-data/bad.json", [make_song(1, title="Worse"), make_song(2)])
    lake.put("log-data/bad.json", [make_play(3, userId="1"), {"page": "NextSong"}])
    return lake


def refused(lake: Any, capsys: Any, **arguments: object) -> str:
    """The sentence with which the job refuses, having changed nothing."""
    before = {found.path for found in lake.storage.list(f"{lake.bronze}/")}
    with pytest.raises(AssertionError):
        lake.run(task="restore", **arguments)
    assert {found.path for found in lake.storage.list(f"{lake.bronze}/")} == before
    return str(capsys.readouterr().err)


def test_a_bad_run_is_undone_and_its_files_are_taken_again(
    good: Any, make_play: Any, capsys: Any
) -> None:
    """The tables equal those after the good run, and then those of a lake without the detour."""
    lake = good
    before = lake.content(TABLES)
    lake.run()
    lake.put("log-data/later.json", [make_play(9)])
    lake.run()
    with_all = lake.content(TABLES)
    assert "There is no restore point of run run-9" in refused(lake, capsys, restore_run="run-9")
    message = refused(lake, capsys, restore_run="run-2")
    assert "RestoreError: Run run-2 is not the last one: run-3 came after it" in message
    report = lake.run(task="restore", restore_run="run-2", and_later="true")
    assert (report["restored_run"], report["undone_runs"]) == ("run-2", ["run-2", "run-3"])
    assert set(report["tables"]) == {table.name for table in TABLES}
    assert report["tables"]["songs"]["to"] < report["tables"]["songs"]["from"]
    assert lake.content(TABLES) == before
    told = capsys.readouterr()
    assert "songs: from version" in told.out
    assert not [v for v in ("Zoë", "O'Hara", "Mozilla", "Worse") if v in told.out + told.err]
    assert lake.run()["files"] == {
        "listed": 5,
        "new": 3,
        "ingested": 3,
        "failed": 0,
        "held": 0,
        "changed": 0,
        "passed_over": 0,
    }
    assert lake.content(TABLES) == with_all
    again = lake.run(task="restore", restore_run="run-2", and_later="true")
    assert (again["undone_runs"], again["tables"]) == ([], {})
    assert lake.content(TABLES) == with_all


def test_a_restore_and_a_run_that_died_half_way_are_both_undone(
    good: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A run killed between two tables is undone; a restore killed so is finished by the next task.

    When maintenance has deleted the files of the version to go back to, the restore says so.
    """
    lake = good
    before = lake.content(TABLES)
    with monkeypatch.context() as patch:
        die_after(patch, apply, "_upsert", 1)
        with pytest.raises(KilledError):
            lake.run()
    with monkeypatch.context() as patch:
        die_after(patch, type(care_of(lake.bronze_zone())), "restore", 1)
        with pytest.raises(KilledError):
            lake.run(task="restore", restore_run="run-2")
    assert lake.content(TABLES) != before
    report = lake.run(task="restore", restore_run="run-2")
    assert report["undone_runs"] == ["run-2"]
    assert lake.content(TABLES) == before
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert lake.run()["files"]["new"] == 2
    lake.run(task="maintain", retention_hours=0, allow_short_retention="true")
    message = refused(lake, capsys, restore_run="run-5")
    assert "RestoreError: " in message
    assert "files are gone" in message


def test_a_restore_that_died_is_finished_before_the_next_ingest(
    good: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run works on tables of which only some were taken back.

    The bad files are taken out of landing meanwhile, so nothing brings their rows again.
    """
    lake = good
    before = lake.content(TABLES)
    lake.run()
    with monkeypatch.context() as patch:
        die_after(patch, restore, "_check_files", 1)
        with pytest.raises(KilledError):
            lake.run(task="restore", restore_run="run-2")
    with monkeypatch.context() as patch:
        die_after(patch, type(care_of(lake.bronze_zone())), "restore", 2)
        with pytest.raises(KilledError):
            lake.run(task="restore", restore_run="run-2")
    for folder in ("song-data", "log-data"):
        lake.storage.delete_under(f"{lake.landing}/{folder}/bad.json")
    assert lake.run()["files"]["new"] == 0
    assert lake.content(TABLES) == before
