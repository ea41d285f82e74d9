"""One run of the ingest task: finish what is open, then batch by batch until nothing is new.

A batch goes: pin object versions, stage them, write the manifest, apply the tables, enter the
ledger, remove the stage. Each step may be repeated, and the tables depend only on which versions
were seen: not on order, batching, repetition or crashes (docs/adr/0004).
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING
from uuid import uuid4

from spark import apply, ledger, manifest, restore, restore_point, stage
from spark.contract import CONTRACT_VERSION, SOURCES
from spark.manifest import Entry, Manifest
from spark.reader import CHANGED
from spark.report import Report
from spark.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spark.arguments import Arguments
    from spark.contract import Source
    from spark.delta import Bronze
    from spark.storage import ObjectVersion


def ingest(bronze: Bronze, arguments: Arguments) -> Report:
    """Bring everything new from landing into bronze and say what came of it."""
    report = Report(run_id=arguments.run_id)
    restore.finish_open(bronze, arguments.processing)
    prepare(bronze)
    finish_open(bronze, arguments.processing, report)
    listed = report.counting(_inputs(bronze, arguments.landing))
    for versions in _batches(ledger.pending(bronze, listed), arguments):
        print(f"batch of {len(versions)} object versions")  # noqa: T201 # the job's log
        seen = _stage(bronze, arguments, versions)
        report.add(seen, len(versions))
        _finish(bronze, arguments.processing, seen)
    return report


def finish_open(bronze: Bronze, processing: str, report: Report) -> None:
    """Finish the batches that earlier runs left open: what has a manifest counts as seen."""
    for left in manifest.unfinished(bronze.storage, processing):
        print(f"finishing batch {left.batch} of run {left.run_id}")  # noqa: T201 # the job's log
        _finish(bronze, processing, left)
        report.add_finished(left)


def _inputs(bronze: Bronze, landing: str) -> Iterator[ObjectVersion]:
    """The landing zone's objects that are input, by source, in the order of their keys."""
    prefixes = [f"{landing}/{folder}" for source in SOURCES for folder in source.folders]
    listings = (bronze.storage.list(prefix) for prefix in prefixes)
    for version in chain.from_iterable(listings):
        if stage.source_of(version.path, landing) is not None:
            yield version


def _batches(
    versions: Iterable[ObjectVersion], arguments: Arguments
) -> Iterator[list[ObjectVersion]]:
    """Cut into batches of at most `max_files` versions and, from the second on, `max_bytes`."""
    batch: list[ObjectVersion] = []
    size = 0
    for version in versions:
        full = len(batch) == arguments.max_files or size + version.size > arguments.max_bytes
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(version)
        size += version.size
    if batch:
        yield batch


def _stage(bronze: Bronze, arguments: Arguments, versions: list[ObjectVersion]) -> Manifest:
    """Stage the versions and write the manifest of those that were still there."""
    batch = f"{arguments.run_id}.{uuid4().hex[:12]}"
    entries: list[Entry] = []
    refused: list[str] = []
    reasons: Counter[str] = Counter()
    for source in SOURCES:
        own = [v for v in versions if stage.source_of(v.path, arguments.landing) is source]
        if not own:
            continue
        path = stage.folder(arguments.processing, batch, source)
        with bronze.steps(f"stage {source.name}"):
            stage.write(bronze.spark, source, own, path)
        with bronze.steps(f"count {source.name}"):
            read = stage.accounts(bronze.spark, source, own, path)
        unusable = [account.source_path for account in read if account.error is not None]
        if any(account.quarantined for account in read):
            reasons.update(stage.reasons(bronze.spark, path, unusable))
        refused += unusable
        entries += _entries(source, own, read)
    seen = Manifest(
        batch=batch,
        run_id=arguments.run_id,
        contract_version=CONTRACT_VERSION,
        entries=tuple(entries),
        refused=tuple(refused),
        reasons=dict(reasons),
    )
    manifest.write(bronze.storage, arguments.processing, seen)
    return seen


def _entries(
    source: Source, versions: list[ObjectVersion], accounts: list[stage.Account]
) -> Iterator[Entry]:
    by_path = {account.source_path: account for account in accounts}
    for version in versions:
        account = by_path[version.path]
        if account.error == CHANGED:
            continue
        error = account.error
        if error is None and account.records_read == 0 and version.size > 0:
            error = "no record in an object that is not empty"
        failed = error is not None
        yield Entry(
            source=source.name,
            path=version.path,
            etag=version.etag,
            modified=version.modified,
            size=version.size,
            error=error,
            records_read=0 if failed else account.records_read,
            kept=0 if failed else account.kept,
            ignored=0 if failed else account.ignored,
            quarantined=0 if failed else account.quarantined,
            duplicates=0 if failed else account.duplicates,
        )


def _finish(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Apply a batch that counts as seen, enter it into the ledger, remove its stage."""
    if seen.entries and not ledger.holds(bronze, seen):
        restore_point.record(bronze, processing, seen.run_id)
        apply.apply(bronze, processing, seen)
        ledger.record(bronze, seen)
    manifest.remove(bronze.storage, processing, seen.batch)
