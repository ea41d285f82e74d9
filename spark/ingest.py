"""One run of the ingest task: finish what is open, then batch by batch until nothing is new.

The tables depend only on which versions were seen and accepted: not on order, batching, repetition
or crashes (docs/adr/0004).
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from spark import batch, finishing, ledger, restore, settled, stage, unjudged
from spark.contract import SOURCES
from spark.errors import ArgumentError
from spark.report import Report
from spark.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.storage import ObjectVersion


def ingest(bronze: Bronze, arguments: Arguments) -> Report:
    """Bring everything new from landing into bronze and say what came of it.

    Raises ArgumentError when a path is to be accepted of which the ledger knows nothing, and
    QualityError when a rule is broken that stops the run.
    """
    report = Report(run_id=arguments.run_id)
    storage, processing = bronze.storage, arguments.processing
    # What was begun is finished whatever becomes of the listing.
    begun = bool(arguments.accept) or settled.is_work_open(storage, processing)
    if begun:
        begin(bronze, arguments, report)
    listed = report.counting(inputs(bronze, arguments.landing, report))
    with bronze.steps("list"):
        first = list(islice(listed, settled.MAX_LISTED + 1))
    before = settled.state(bronze, first)
    if not begun:
        if settled.is_noted(storage, processing, before):
            return report
        begin(bronze, arguments, report)
    accepted = ledger.held(bronze, arguments.accept)
    everything = chain(first, listed)
    pending = ledger.pending(bronze, everything, report.unsettled, arguments.accept)
    for versions in batch.cut(pending, arguments):
        failed = report.unsettled.failed()
        seen = batch.begin(bronze, arguments, versions, accepted, failed_before=failed)
        report.add(seen, len(versions))
        finishing.finish(bronze, processing, seen)
    report.check_tables(bronze, processing)
    settled.note(storage, processing, before, report)
    return report


def begin(bronze: Bronze, arguments: Arguments, report: Report) -> None:
    """Make the tables that are missing and finish what is open, which the report counts, too.

    Raises ArgumentError when a path is to be accepted of which the ledger knows nothing.
    """
    report.left_unjudged = bool(unjudged.runs(bronze.storage, arguments.processing))
    restore.finish_open(bronze, arguments.processing)
    prepare(bronze)
    finishing.finish_open(bronze, arguments.processing, report)
    if arguments.accept and (unknown := ledger.unknown(bronze, arguments.accept)):
        raise ArgumentError(
            f"Nothing was accepted: the ledger has no version of {', '.join(unknown)}. Pass paths "
            f"as the report lists them under `held`."
        )


class Counts(Protocol):
    """What is counted of the objects in the landing zone that are no input."""

    passed_over: int


def inputs(bronze: Bronze, landing: str, counts: Counts) -> Iterator[ObjectVersion]:
    """The landing zone's objects that are input, by source, in the order of their keys."""
    prefixes = [f"{landing}/{folder}" for source in SOURCES for folder in source.folders]
    listings = (bronze.storage.list(prefix) for prefix in prefixes)
    return only_inputs(chain.from_iterable(listings), landing, counts)


def only_inputs(
    versions: Iterable[ObjectVersion], landing: str, counts: Counts
) -> Iterator[ObjectVersion]:
    """Those of the versions that are input. Others that hold anything are counted."""
    for version in versions:
        if stage.source_of(version.path, landing) is not None:
            yield version
        elif version.size > 0:
            counts.passed_over += 1
