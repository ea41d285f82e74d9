"""The first half of a batch: stage object versions, judge each by itself, count them as seen.

A batch goes: stage, manifest, tables, ledger, removal of the stage. From the manifest on the
versions count as seen; the rest is `spark/finishing.py` (docs/adr/0004).
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from spark import drift, hold, manifest, quality, stage
from spark.contract import CONTRACT_VERSION, SOURCES
from spark.entries import not_had, of_held, of_read, too_large
from spark.failures import stop_where_s3_refuses
from spark.gets import CONNECTIONS
from spark.manifest import INGEST, Manifest
from spark.reader import CHANGED
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from spark.account import Account
    from spark.arguments import Arguments
    from spark.contract import Source
    from spark.delta import Bronze
    from spark.manifest import Entry
    from spark.quality import RecordRule, Result
    from spark.storage import ObjectVersion
    from spark.unsettled import VersionKey


def cut(versions: Iterable[ObjectVersion], arguments: Arguments) -> Iterator[list[ObjectVersion]]:
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


def begin(
    bronze: Bronze,
    arguments: Arguments,
    versions: list[ObjectVersion],
    accepted: Collection[VersionKey],
    *,
    in_tables: Collection[VersionKey] = (),
    failed_before: Collection[VersionKey] = (),
    task: str = INGEST,
) -> Manifest:
    """Stage the versions and write the manifest of those that were still there.

    Versions that are `accepted`, or are `in_tables` already, are not held whatever they hold. One
    that is in the tables and cannot be read now keeps its entry in the ledger. Raises StorageError
    where S3 denies access or refuses all that did not fail before.
    """
    batch = f"{arguments.run_id}.{uuid4().hex[:12]}"
    print(f"batch of {len(versions)} object versions")  # noqa: T201 # the job's log
    reading = _Reading()
    for source in SOURCES:
        of_source = [v for v in versions if stage.source_of(v.path, arguments.landing) is source]
        trusted = {*accepted, *in_tables}
        _stage(bronze, arguments, source, of_source, batch=batch, trusted=trusted, reading=reading)
    stop_where_s3_refuses(
        {v.path: error for v, error in reading.ends.items() if error != CHANGED},
        again={v.path for v in versions if key_of(v) in failed_before},
    )
    keep_theirs = {version.path for version in versions if key_of(version) in in_tables}
    unread = {e.path: e.error for e in reading.entries if e.error and e.path in keep_theirs}
    seen = Manifest(
        batch=batch,
        run_id=arguments.run_id,
        contract_version=CONTRACT_VERSION,
        entries=tuple(e for e in reading.entries if e.path not in unread),
        refused=tuple(reading.refused),
        reasons=dict(reading.reasons),
        task=task,
        drift=tuple(reading.drifts),
        quality=tuple(reading.verdicts),
        unread=unread,
        changed=reading.changed,
        files=reading.files,
    )
    bronze.lease.check()
    manifest.write(bronze.storage, arguments.processing, seen)
    return seen


@dataclass
class _Reading:
    """What the staging of a batch gave, of all sources."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    drifts: list[drift.Drift] = field(default_factory=list)
    verdicts: list[Result] = field(default_factory=list)
    ends: dict[ObjectVersion, str | None] = field(default_factory=dict)
    """Of each version that was read: why that failed, or None."""
    changed: int = 0
    files: dict[str, list[str]] = field(default_factory=dict)
    """As in the manifest."""


def _stage(
    bronze: Bronze,
    arguments: Arguments,
    source: Source,
    versions: Sequence[ObjectVersion],
    *,
    batch: str,
    trusted: Collection[VersionKey],
    reading: _Reading,
) -> None:
    """Stage the versions of one source and judge them. Those that are `trusted` are not held."""
    limit = arguments.max_object_bytes
    reading.entries += [too_large(source, v, limit) for v in versions if v.size > limit]
    own = [v for v in versions if v.size <= limit]
    if not own:
        return
    path = stage.folder(arguments.processing, batch, source)
    with bronze.steps(f"stage {source.name}"):
        rules = quality.rules_of(source)
        staged = stage.write(bronze.spark, source, own, path, rules)
    reading.files |= staged.files
    read = {account.source_path: account for account in staged.accounts}
    doubted = [read[version.path] for version in own if key_of(version) not in trusted]
    held = {
        account.source_path: why for account in doubted if (why := _held(account, arguments, rules))
    }
    unusable = [path for path, account in read.items() if account.error is not None]
    reading.refused += [*unusable, *held]
    whole = [account for account in staged.accounts if account.error is None]
    reading.drifts += _drifts(bronze, source, staged, whole, unusable)
    taken = [account for account in whole if account.source_path not in held]
    for account in taken:
        reading.reasons.update(account.counts.reasons)
    of_rules = judged(taken, rules)
    quality.stop_before(of_rules)
    reading.verdicts += of_rules
    still_there = _listed_again(bronze, [v for v in own if read[v.path].error == CHANGED])
    for version in own:
        account = read[version.path]
        reading.ends[version] = account.error
        if version.path in held:
            reading.entries.append(of_held(source, version, account, held[version.path]))
        elif account.error != CHANGED:
            reading.entries.append(of_read(source, version, account))
        elif version in still_there:
            reading.entries.append(not_had(source, version))
        else:
            reading.changed += 1


def _held(account: Account, arguments: Arguments, rules: Sequence[RecordRule]) -> str | None:
    """The ledger's sentence about a version that is held; None where it is not.

    It breaks rules of severity hold, or too many of its records break the contract.
    """
    if account.error is not None:
        return None
    of_rules = [
        quality.told(found)
        for found in judged([account], rules)
        if found["severity"] == "hold" and not found["passed"]
    ]
    if of_rules:
        return "; ".join(of_rules)
    counts = account.counts
    read, bad = counts.records_read, counts.quarantined
    if hold.is_too_bad(read, bad, arguments.max_quarantined_fraction):
        return hold.why(read, bad, counts.reasons)
    return None


def _drifts(
    bronze: Bronze,
    source: Source,
    staged: stage.Staged,
    whole: Sequence[Account],
    unusable: Sequence[str],
) -> list[drift.Drift]:
    """What is other than the contract in the versions that were read whole, held or not."""
    reasons: Counter[str] = Counter()
    for account in whole:
        reasons.update(account.counts.reasons)
    drifting = sum(account.counts.drifting for account in whole)
    if not drifting and not reasons:
        return []
    rows = stage.usable(bronze.spark, source, staged.files[source.name], unusable)
    return drift.find(rows, source, reasons, drifting)


def judged(accounts: Sequence[Account], rules: Sequence[RecordRule]) -> list[Result]:
    """What the rules say of the records of these versions together."""
    checked = sum(account.counts.rows for account in accounts)
    return [
        quality.result(rule, rule.table, checked, sum(a.counts.broken[place] for a in accounts))
        for place, rule in enumerate(rules)
        if checked
    ]


def _listed_again(bronze: Bronze, gone: Sequence[ObjectVersion]) -> set[ObjectVersion]:
    """Those of the versions, which S3 did not hand over as they were listed, that still are."""

    def is_listed(version: ObjectVersion) -> bool:
        return next(bronze.storage.list(version.path), None) == version

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        return {v for v, there in zip(gone, threads.map(is_listed, gone), strict=True) if there}
