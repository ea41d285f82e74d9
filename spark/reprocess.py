"""The reprocess task: read object versions again by the contract as it is now.

A batch of it is a batch like any other: stage, manifest, tables, ledger. But the same record takes
the place of its row where it says anything else, and records that are good now leave the
quarantine. No row is removed: what only an older contract made of a record stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark import batch, finishing, ledger, requeue
from spark.errors import ArgumentError
from spark.ingest import begin, inputs, only_inputs
from spark.manifest import REPROCESS
from spark.report import Report
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.ingest import Counts
    from spark.requeue import Refused
    from spark.storage import ObjectVersion
    from spark.unsettled import VersionKey


def reprocess(bronze: Bronze, arguments: Arguments) -> Report:
    """Read again what the arguments name, and say what came of it.

    What is named and was never read is ingested, too. After a crash, the next run of any task
    finishes the batch that was begun; to read the others, start again: nothing is counted twice.

    Raises ArgumentError when nothing lies under the prefix, and QualityError when a rule is broken
    that stops the run.
    """
    report = Report(run_id=arguments.run_id)
    begin(bronze, arguments, report)
    accepted = ledger.held(bronze, arguments.accept)
    left = requeue.refused(bronze) if arguments.requeue else {}
    wanted = report.counting(named(bronze, arguments, left, report))
    for versions in batch.cut(wanted, arguments):
        in_tables = ledger.in_tables(bronze, versions, report.unsettled)
        seen = batch.begin(
            bronze,
            arguments,
            versions,
            accepted,
            in_tables=in_tables,
            failed_before=report.unsettled.failed(),
            task=REPROCESS,
        )
        report.add(seen, len(versions))
        finishing.finish(bronze, arguments.processing, seen)
    report.gone = len(left)
    report.lost = requeue.lost(left.values(), arguments.landing)
    for some in requeue.batches(left.values(), arguments):
        seen = requeue.begin(bronze, arguments, some)
        report.add(seen, len(some))
        finishing.finish(bronze, arguments.processing, seen)
    report.check_tables(bronze, arguments.processing)
    if arguments.reprocess_prefix and not report.listed:
        raise ArgumentError(
            f"No input lies under {arguments.reprocess_prefix}: nothing was read again. Look at "
            f"the landing zone; prefixes are letter by letter."
        )
    return report


def named(
    bronze: Bronze,
    arguments: Arguments,
    refused: MutableMapping[VersionKey, Refused],
    counts: Counts,
) -> Iterator[ObjectVersion]:
    """The versions in the landing zone that the arguments name.

    A requeue takes those that are `refused`, and out of it: in the end it has those that are gone.
    """
    landing = arguments.landing
    if arguments.requeue:
        for version in inputs(bronze, landing, counts) if refused else ():
            if refused.pop(key_of(version), None):
                yield version
    elif (since := arguments.reprocess_since) is not None:
        for version in inputs(bronze, landing, counts):
            if version.modified >= since:
                yield version
    else:
        below = bronze.storage.list(arguments.reprocess_prefix)
        yield from only_inputs(below, landing, counts)
