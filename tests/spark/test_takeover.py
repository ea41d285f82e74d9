"""A run that was thought dead goes on: it writes nothing more, and what it left stops nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from spark import manifest, restore_point, retention, stage
from spark.errors import LeaseLostError
from spark.job import main
from spark.lease import LEASE_KEY
from spark.tables import SONGPLAYS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable


class KilledError(BaseException):
    """Stands for the death of the driver: no handler of the job may catch it."""


def overtaken(patch: pytest.MonkeyPatch, lake: Any, owner: Any, name: str, when: str) -> None:
    """Let another run take over, and do all the work, before or after the first call of `name`."""
    real = getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        patch.setattr(owner, name, real)
        found = real(*args, **kwargs) if when == "after" else None
        lake.storage.delete_under(f"{lake.bronze}/{LEASE_KEY}")
        assert main(lake.arguments("second")) == 0
        return found if when == "after" else real(*args, **kwargs)

    patch.setattr(owner, name, call)


@pytest.mark.core
def test_a_run_that_was_taken_over_leaves_no_manifest(
    lake: Any, make_play: Any, monkeypatch: Any, capsys: Any
) -> None:
    """Staged, then thought dead: it stops, and later runs have nothing to finish."""
    lake.put("log-data/1.json", [make_play(1)])
    overtaken(monkeypatch, lake, stage, "write", "after")
    assert main(lake.arguments("first")) == 1
    assert "LeaseLostError" in capsys.readouterr().err
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    report = lake.run()
    assert (report["files"]["new"], report["finished_runs"]) == (0, [])
    assert len(lake.rows(SONGPLAYS)) == 1


def test_a_run_that_was_taken_over_records_no_restore_point_and_removes_nothing(
    lake: Any, make_play: Any, monkeypatch: Any, capsys: Any
) -> None:
    """Its versions of the tables are not those before its commits any more."""
    lake.put("log-data/1.json", [make_play(1)])
    overtaken(monkeypatch, lake, restore_point, "current", "after")
    assert main(lake.arguments("first")) == 1
    assert "LeaseLostError" in capsys.readouterr().err
    assert [
        found.path.rpartition("/")[2] for found in lake.storage.list(f"{lake.processing}/restore-")
    ] == ["first.json"]
    assert len(lake.rows(SONGPLAYS)) == 1


class LostLease:
    """A lease that another writer took."""

    def check(self) -> None:
        """Say so."""
        raise LeaseLostError("taken")


def test_no_clean_up_without_the_lease(lake: Any) -> None:
    """What the retention would delete may be what the other writer works with."""
    taken: Any = LostLease()
    bronze = replace(lake.bronze_zone(), lease=taken)
    kept = f"{lake.processing}/runs/other.1/songs/part.parquet"
    lake.storage.write_json(kept, {})
    with pytest.raises(LeaseLostError):
        retention.remove_dead_stages(bronze, lake.processing)
    with pytest.raises(LeaseLostError):
        retention._remove_objects(
            bronze, f"{lake.processing}/runs/", datetime.max.replace(tzinfo=UTC)
        )
    assert [found.path for found in lake.storage.list(f"{lake.processing}/runs/")] == [kept]


def killed_before_its_manifest(lake: Any, **arguments: str) -> Callable[[], None]:
    """Run until the manifest would be written; what writes it after all."""
    written: list[Any] = []

    def deadly(*args: Any) -> None:
        written.extend(args)
        raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "write", deadly)
        with pytest.raises(KilledError):
            lake.run(**arguments)
    return lambda: manifest.write(*written)


def test_a_manifest_that_came_too_late_is_dropped(lake: Any, make_play: Any) -> None:
    """Its stage is gone, and the run that took over has brought in all its versions."""
    lake.put("log-data/1.json", [make_play(1)])
    write_late = killed_before_its_manifest(lake)
    lake.run()
    before = lake.content(TABLES)
    write_late()
    assert lake.run()["finished_runs"] == []
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert lake.content(TABLES) == before


def test_an_open_batch_that_lost_its_stage_says_so_and_what_to_do(
    lake: Any, make_play: Any, capsys: Any
) -> None:
    """Where the ledger has not all of it, a person decides; the advice works."""
    lake.put("log-data/1.json", [make_play(1)])
    write_late = killed_before_its_manifest(lake)
    lake.storage.delete_under(f"{lake.processing}/runs/")
    write_late()
    assert main(lake.arguments("later")) == 1
    said = capsys.readouterr().err
    assert "StageError: Batch run-1." in said
    assert "1 of its 1 object versions are not in the ledger" in said
    [left] = lake.storage.list(f"{lake.processing}/runs/")
    assert f"Delete {left.path} and run again" in said
    lake.storage.delete([left.path])
    assert lake.run()["files"]["ingested"] == 1
    assert len(lake.rows(SONGPLAYS)) == 1


@pytest.mark.parametrize("part", ["logs", "latest of logs"])
def test_an_open_batch_that_lost_part_of_its_stage_is_not_finished_without_it(
    part: str, lake: Any, make_play: Any, capsys: Any
) -> None:
    """What the other files hold would count for all."""
    for number in range(16):
        plays = [make_play(4 * number + n, userId="7") for n in range(4)]
        lake.put(f"log-data/{number}.json", plays)
    write_late = killed_before_its_manifest(lake)
    write_late()
    (seen,) = manifest.open_batches(lake.storage, lake.processing)
    assert seen.files is not None
    assert not {*seen.files["logs"]} & {*seen.files["latest of logs"]}
    first, *others = seen.files[part]
    assert others
    lake.storage.delete([first])
    assert main(lake.arguments("later")) == 1
    assert "16 of its 16 object versions are not in the ledger" in capsys.readouterr().err
    assert lake.rows(SONGPLAYS) == []


def test_a_reprocess_that_lost_its_stage_is_dropped_and_told(lake: Any, make_play: Any) -> None:
    """The tables keep what they had; whoever asked for it learns that it was not done."""
    lake.put("log-data/1.json", [make_play(1)])
    lake.run()
    before = lake.content(TABLES)
    again = {"task": "reprocess", "reprocess": "2000-01-01T00:00:00Z"}
    write_late = killed_before_its_manifest(lake, **again)
    lake.storage.delete_under(f"{lake.processing}/runs/")
    write_late()
    report = lake.run()
    assert (report["finished_runs"], report["dropped_runs"]) == ([], ["run-2"])
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert lake.content(TABLES) == before
    assert lake.run()["dropped_runs"] == []
    assert lake.run(**again)["files"]["ingested"] == 1
