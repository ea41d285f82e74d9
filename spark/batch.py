"""One batch: stage object versions, judge each by itself, count them as seen, bring them in.

A batch goes: stage, manifest, tables, ledger, removal of the stage. From the manifest on the
versions count as seen, and each step after it may be repeated (docs/adr/0004).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

from spark import apply, drift, hold, ledger, manifest, quality, restore_point, stage
from spark.contract import CONTRACT_VERSION, SOURCES
from spark.manifest import INGEST, Entry, Manifest
from spark.reader import CHANGED
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from spark.arguments import Arguments
    from spark.contract import Source
    from spark.delta import Bronze
    from spark.quality import RecordRule, Result
    from spark.report import Report
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


def finish_open(bronze: Bronze, processing: str, report: Report) -> None:
    """Finish the batches that earlier runs left open: what has a manifest counts as seen."""
    for left in manifest.unfinished(bronze.storage, processing):
        print(f"finishing batch {left.batch} of run {left.run_id}")  # noqa: T201 # the job's log
        finish(bronze, processing, left)
        report.add_finished(left)


def finish(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Apply a batch that counts as seen, enter it into the ledger, remove its stage."""
    if seen.entries and not ledger.holds(bronze, seen):
        restore_point.record(bronze, processing, seen.run_id)
        apply.apply(bronze, processing, seen)
        ledger.record(bronze, seen)
    manifest.remove(bronze.storage, processing, seen.batch)


def begin(
    bronze: Bronze,
    arguments: Arguments,
    versions: list[ObjectVersion],
    accepted: Collection[VersionKey],
    *,
    in_tables: Collection[VersionKey] = (),
    task: str = INGEST,
) -> Manifest:
    """Stage the versions and write the manifest of those that were still there.

    Versions that are `accepted`, or are `in_tables` already, are not held whatever they hold. One
    that is in the tables and cannot be read now keeps its entry in the ledger.
    """
    batch = f"{arguments.run_id}.{uuid4().hex[:12]}"
    print(f"batch of {len(versions)} object versions")  # noqa: T201 # the job's log
    entries: list[Entry] = []
    refused: list[str] = []
    reasons: Counter[str] = Counter()
    drifts: list[drift.Drift] = []
    verdicts: list[Result] = []
    for source in SOURCES:
        of_source = [v for v in versions if stage.source_of(v.path, arguments.landing) is source]
        large = [v for v in of_source if v.size > arguments.max_object_bytes]
        entries += [_failed(source, version, _too_large(arguments)) for version in large]
        own = [v for v in of_source if v.size <= arguments.max_object_bytes]
        if not own:
            continue
        path = stage.folder(arguments.processing, batch, source)
        with bronze.steps(f"stage {source.name}"):
            stage.write(bronze.spark, source, own, path)
        with bronze.steps(f"count {source.name}"):
            rules = [rule for rule in quality.RECORD_RULES if rule.source == source.name]
            counted = stage.accounts(bronze.spark, source, own, path, rules)
            read = {account.source_path: account for account in counted}
        judged = [v for v in own if key_of(v) not in accepted and key_of(v) not in in_tables]
        too_bad = {v.path for v in judged if _is_too_bad(read[v.path], arguments)}
        by_rule = {v.path: told for v in judged if (told := _held_by_rule(read[v.path], rules))}
        held = too_bad | by_rule.keys()
        unusable = [account.source_path for account in read.values() if account.error is not None]
        why: dict[str | None, dict[str, int]] = {}
        if any(account.quarantined for account in read.values()):
            why = stage.reasons(bronze.spark, path, unusable, apart=sorted(held))
            reasons.update(why.get(None, {}))
        drifting = sum(account.drifting for account in read.values() if account.error is None)
        if drifting or why:
            rows = stage.usable(bronze.spark, path, unusable)
            all_reasons = sum((Counter(counts) for counts in why.values()), Counter[str]())
            drifts += drift.find(rows, source, all_reasons, drifting)
        of_rules = _judged(
            [a for a in read.values() if a.error is None and a.source_path not in held], rules
        )
        quality.stop_before(of_rules)
        verdicts += of_rules
        refused += [*unusable, *held]
        for version in own:
            account = read[version.path]
            if version.path in held:
                sentence = by_rule.get(version.path) or hold.why(
                    account.records_read, account.quarantined, why[version.path]
                )
                entries.append(_counted(source, version, account, sentence))
            elif account.error != CHANGED:
                entries.append(_entry(source, version, account))
    keep_theirs = {version.path for version in versions if key_of(version) in in_tables}
    unread = {e.path: e.error for e in entries if e.error and e.path in keep_theirs}
    seen = Manifest(
        batch=batch,
        run_id=arguments.run_id,
        contract_version=CONTRACT_VERSION,
        entries=tuple(e for e in entries if e.path not in unread),
        refused=tuple(refused),
        reasons=dict(reasons),
        task=task,
        drift=tuple(drifts),
        quality=tuple(verdicts),
        unread=unread,
    )
    manifest.write(bronze.storage, arguments.processing, seen)
    return seen


def _is_too_bad(account: stage.Account, arguments: Arguments) -> bool:
    return account.error is None and hold.is_too_bad(
        account.records_read, account.quarantined, arguments.max_quarantined_fraction
    )


def _judged(accounts: Sequence[stage.Account], rules: Sequence[RecordRule]) -> list[Result]:
    """What the rules say of the records of these versions together."""
    checked = sum(account.kept + account.duplicates for account in accounts)
    return [
        quality.result(rule, rule.table, checked, sum(a.broken[place] for a in accounts))
        for place, rule in enumerate(rules)
        if checked
    ]


def _held_by_rule(account: stage.Account, rules: Sequence[RecordRule]) -> str | None:
    """The ledger's sentence about a version that breaks rules of severity hold."""
    broken = [
        quality.told(found)
        for found in _judged([account], rules)
        if found["severity"] == "hold" and not found["passed"]
    ]
    return "; ".join(broken) or None


def _too_large(arguments: Arguments) -> str:
    return (
        f"not read: larger than {arguments.max_object_bytes} bytes, the most that one object may "
        "have (--max_object_bytes). Land it in parts"
    )


def _entry(source: Source, version: ObjectVersion, account: stage.Account) -> Entry:
    if account.error is not None:
        return _failed(source, version, account.error)
    if account.records_read == 0 and version.size > 0:
        return _failed(source, version, "no record in an object that is not empty")
    return _counted(source, version, account, None)


def _counted(
    source: Source, version: ObjectVersion, account: stage.Account, held: str | None
) -> Entry:
    return Entry(
        source=source.name,
        path=version.path,
        etag=version.etag,
        modified=version.modified,
        size=version.size,
        error=held,
        records_read=account.records_read,
        kept=account.kept,
        ignored=account.ignored,
        quarantined=account.quarantined,
        duplicates=account.duplicates,
        held=held is not None,
    )


def _failed(source: Source, version: ObjectVersion, error: str) -> Entry:
    return Entry(
        source=source.name,
        path=version.path,
        etag=version.etag,
        modified=version.modified,
        size=version.size,
        error=error,
        records_read=0,
        kept=0,
        ignored=0,
        quarantined=0,
        duplicates=0,
    )
