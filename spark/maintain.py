"""The maintain task: put small files together, delete those that no reader needs any more.

Every run adds a file or more to a table, the ledger among them; readers pay for each. Maintenance
changes where rows lie, never what a table says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from spark import restore
from spark.care import care_of
from spark.finishing import finish_open
from spark.report import VERSION, Report
from spark.retention import remove_dead_stages, remove_expired
from spark.schema import prepare
from spark.tables import TABLES

if TYPE_CHECKING:
    from spark.arguments import Arguments
    from spark.care import Care
    from spark.delta import Bronze
    from spark.tables import Table


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is of a table. Bytes are those of data files, without the Delta log."""

    files: int
    """What the newest version consists of: readers open all of them."""
    bytes: int
    stored_files: int
    """What lies in S3 and is paid for: also what only older versions need."""
    stored_bytes: int


@dataclass
class MaintenanceReport:
    """What maintenance found and left, table by table."""

    run_id: str
    retention_hours: int
    finished_runs: list[str]
    dropped_runs: list[str]
    """See `spark.report.Report`."""
    removed: dict[str, int]
    """What was too old to be kept, by kind, and the stages of runs that saw nothing."""
    tables: dict[str, dict[str, Size]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The report as the pipeline reads it."""
        return {
            "version": VERSION,
            "run_id": self.run_id,
            "retention_hours": self.retention_hours,
            "finished_runs": self.finished_runs,
            "dropped_runs": self.dropped_runs,
            "removed": self.removed,
            "tables": {
                name: {moment: asdict(size) for moment, size in sizes.items()}
                for name, sizes in self.tables.items()
            },
        }


def maintain(bronze: Bronze, arguments: Arguments) -> MaintenanceReport:
    """Compact and vacuum every table; first finish what is open and remove what is too old.

    May be repeated after a crash at any point. Raises CareError, naming the table.
    """
    care = care_of(bronze)
    finished = Report(run_id=arguments.run_id)
    restore.finish_open(bronze, arguments.processing)
    prepare(bronze)
    removed = {"stages": remove_dead_stages(bronze, arguments.processing)}
    finish_open(bronze, arguments.processing, finished)
    removed |= remove_expired(bronze, arguments)
    report = MaintenanceReport(
        run_id=arguments.run_id,
        retention_hours=arguments.retention_hours,
        finished_runs=finished.finished_runs,
        dropped_runs=finished.dropped_runs,
        removed=removed,
    )
    for table in TABLES:
        location = bronze.location(table)
        before = _size(bronze, care, table)
        bronze.lease.check()
        care.compact(location)
        bronze.lease.check()
        care.vacuum(location, arguments.retention_hours)
        after = _size(bronze, care, table)
        report.tables[table.name] = {"before": before, "after": after}
        print(  # noqa: T201 # the job's log
            f"{table.name}: {before.files} files are {after.files} now, {after.stored_files} stored"
        )
    return report


def _size(bronze: Bronze, care: Care, table: Table) -> Size:
    location = bronze.location(table)
    live = care.live(location)
    log = f"{location}/_delta_log/"
    stored = [
        found.size
        for found in bronze.storage.list(f"{location}/")
        if not found.path.startswith(log)
    ]
    return Size(
        files=live.files, bytes=live.bytes, stored_files=len(stored), stored_bytes=sum(stored)
    )
