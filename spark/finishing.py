"""The second half of a batch: the tables, the ledger, the removal of the stage.

What has a manifest counts as seen. Each step may be repeated, so whichever run comes next finishes
what is open (docs/adr/0004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark import apply, ledger, manifest, restore_point, stage, unjudged
from spark.errors import StageError
from spark.unsettled import Unsettled

if TYPE_CHECKING:
    from spark.delta import Bronze
    from spark.manifest import Manifest
    from spark.report import Report


def finish_open(bronze: Bronze, processing: str, report: Report) -> None:
    """Finish the batches that earlier runs left open: what has a manifest counts as seen."""
    bronze.lease.check()
    for left in manifest.unfinished(bronze.storage, processing):
        print(f"finishing batch {left.batch} of run {left.run_id}")  # noqa: T201 # the job's log
        if _is_superseded(bronze, processing, left):
            if left.is_again:
                print(f"dropped batch {left.batch}: its stage is lost")  # noqa: T201 # the job's log
                report.dropped_runs.append(left.run_id)
            manifest.remove(bronze.storage, processing, left.batch)
            continue
        if left.entries and ledger.holds(bronze, left):
            bronze.lease.check()
            manifest.remove(bronze.storage, processing, left.batch)
        else:
            finish(bronze, processing, left)
        report.add_finished(left)


def _is_superseded(bronze: Bronze, processing: str, left: Manifest) -> bool:
    """Whether a manifest without a stage may go: the ledger has all that it brings.

    A writer that lost its lease between its last look and its manifest leaves one like that: its
    successor has deleted the stage and read the versions itself. Of a batch that read versions
    again the ledger has an earlier reading: nothing is lost, and whoever asked for it has to know.
    Raises StageError where the ledger has not all of them.
    """
    if ledger.holds(bronze, left) or not (lost := stage.lost(bronze.storage, processing, left)):
        return False
    brought = [entry.version for entry in left.entries if entry.status == "ingested"]
    missing = len(brought) - len(ledger.in_tables(bronze, brought, Unsettled()))
    if missing:
        raise StageError(
            f"Batch {left.batch} of run {left.run_id} is open and has lost its stage {lost}: "
            f"{missing} of its {len(brought)} object versions are not in the ledger. Delete "
            f"{manifest.path(processing, left.batch)} and run again: they count as new then. "
            f"Bring back those that have left the landing zone: tables may have them in part."
        )
    return True


def finish(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Apply a batch that counts as seen, enter it into the ledger, remove its stage.

    The ledger has nothing of the batch yet.
    """
    if seen.entries:
        restore_point.record(bronze, processing, seen.run_id)
        if any(entry.status == "ingested" for entry in seen.entries):
            unjudged.note(bronze, processing, seen.run_id)
        apply.apply(bronze, processing, seen)
        ledger.record(bronze, seen)
    bronze.lease.check()
    manifest.remove(bronze.storage, processing, seen.batch)
