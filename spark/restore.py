"""The restore task: take every table back to what it was before a run, the ledger among them.

The files that the undone runs took count as new again. What is to be done is written down before
the first table changes, and whichever task runs next finishes it: no run ever works on tables of
which only some were taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spark import manifest, restore_point
from spark.care import care_of
from spark.errors import RestoreError
from spark.report import VERSION
from spark.tables import INGESTED_FILES, TABLES

if TYPE_CHECKING:
    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.restore_point import RestorePoint
    from spark.storage import Storage

_NAMED = 10
"""Runs that a message names at the most."""


@dataclass
class RestoreReport:
    """What a restore did: which runs are undone, and from which version each table went to which.

    The restored version becomes the newest one, under a number of its own.
    """

    run_id: str
    restored_run: str
    undone_runs: list[str] = field(default_factory=list)
    tables: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as the pipeline reads it."""
        return {
            "version": VERSION,
            "run_id": self.run_id,
            "restored_run": self.restored_run,
            "undone_runs": self.undone_runs,
            "tables": self.tables,
        }


def restore(bronze: Bronze, arguments: Arguments) -> RestoreReport:
    """Undo a run, and with `and_later` those after it. May be repeated after a crash at any point.

    Raises RestoreError, before any table changes, when there is no such run, when later runs stand
    in the way, or when files that are needed are gone.
    """
    finished = finish_open(bronze, arguments.processing)
    points = restore_point.all_points(bronze.storage, arguments.processing)
    point = next((p for p in points if p.run_id == arguments.restore_run), None)
    if point is None:
        raise RestoreError(_unknown(arguments.restore_run, points))
    report = RestoreReport(arguments.run_id, point.run_id)
    if point.undone_by:
        print(f"run {point.run_id} was undone by {point.undone_by}")  # noqa: T201 # the job's log
        if finished is not None and finished["run_id"] == point.run_id:
            report.undone_runs, report.tables = finished["undone"], finished["tables"]
        return report
    undone = [p for p in points if not p.undone_by and p.place >= point.place]
    later = [p.run_id for p in undone if p is not point]
    later += [run for run in _open_runs(bronze, arguments) if run not in {point.run_id, *later}]
    if later and not arguments.and_later:
        raise RestoreError(
            f"Run {point.run_id} is not the last one: {_some(later)} came after it, and going back "
            f"undoes them too. If that is meant, ask for it (--and-later)."
        )
    _check_files(bronze, point)
    now = restore_point.current(bronze)
    intent: dict[str, Any] = {
        "run_id": point.run_id,
        "by": arguments.run_id,
        "undone": [p.run_id for p in undone],
        "tables": {
            table.name: {"from": now[table.name], "to": point.versions.get(table.name, 0)}
            for table in TABLES
        },
    }
    bronze.lease.check()
    bronze.storage.write_json(_open_path(arguments.processing), intent)
    _carry_out(bronze, arguments.processing, intent)
    report.undone_runs, report.tables = intent["undone"], intent["tables"]
    return report


def is_open(storage: Storage, processing: str) -> bool:
    """Whether a restore was begun and has not come to its end."""
    return storage.read_json(_open_path(processing)) is not None


def finish_open(bronze: Bronze, processing: str) -> dict[str, Any] | None:
    """Finish a restore that was interrupted, if there is one; what it was to do."""
    intent: dict[str, Any] | None = bronze.storage.read_json(_open_path(processing))
    if intent is not None:
        print(f"finishing the restore of run {intent['run_id']}")  # noqa: T201 # the job's log
        _carry_out(bronze, processing, intent)
    return intent


def _carry_out(bronze: Bronze, processing: str, intent: dict[str, Any]) -> None:
    """Take the tables back, then forget what was open, then mark the runs as undone."""
    care = care_of(bronze)
    # The ledger first: its files count as new from the first commit on.
    for table in sorted(TABLES, key=lambda table: table is not INGESTED_FILES):
        versions = intent["tables"][table.name]
        if versions["from"] != versions["to"]:
            bronze.lease.check()
            care.restore(bronze.location(table), versions["to"])
            print(  # noqa: T201 # the job's log
                f"{table.name}: from version {versions['from']} back to {versions['to']}"
            )
    bronze.lease.check()
    # A batch that is open was begun by a run that is undone: nothing of it counts as seen.
    bronze.storage.delete_under(f"{processing}/runs/")
    for point in restore_point.all_points(bronze.storage, processing):
        if point.run_id in intent["undone"]:
            bronze.lease.check()
            restore_point.mark_undone(bronze.storage, processing, point, intent["by"])
    bronze.lease.check()
    bronze.storage.delete_under(_open_path(processing))


def _check_files(bronze: Bronze, point: RestorePoint) -> None:
    """Raise RestoreError when a file of a version to go back to is gone."""
    care = care_of(bronze)
    for table in TABLES:
        location = bronze.location(table)
        version = point.versions.get(table.name, 0)
        stored = {
            found.path.removeprefix(f"{location}/") for found in bronze.storage.list(f"{location}/")
        }
        missing = care.files_at(location, version) - stored
        if missing:
            raise RestoreError(
                f"{table.name} cannot go back to version {version}, which it had before run "
                f"{point.run_id}: {len(missing)} of its files are gone. Maintenance deletes what "
                f"is older than its retention; restore a later run, or bring the files back from "
                f"the bucket's earlier object versions. Nothing was changed."
            )


def _open_runs(bronze: Bronze, arguments: Arguments) -> list[str]:
    """The runs that have a stage open: batch ids begin with the run's id."""
    batches = manifest.batches(bronze.storage, arguments.processing)
    return sorted({batch.rpartition(".")[0] for batch in batches})


def _unknown(run_id: str, points: list[RestorePoint]) -> str:
    known = [point.run_id for point in points if not point.undone_by][-_NAMED:]
    return (
        f"There is no restore point of run {run_id}: it committed nothing, or it is so old that "
        f"maintenance has removed the point. "
        + (f"The last runs that can be undone: {', '.join(known)}." if known else "No run has one.")
    )


def _some(runs: list[str]) -> str:
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    return f"{', '.join(runs[:_NAMED])}{more}"


def _open_path(processing: str) -> str:
    return f"{restore_point.folder(processing)}_open.json"
