"""Records that an older contract refused: where each can be read again, and from where it cannot.

The landing zone comes first: what still lies there is read again from its object, as any other.
Of a version that is gone the quarantine has the only copy of what was refused. Its text is staged
as if it came from the object, and all that follows is a batch like any other: records that are good
now enter the tables and leave the quarantine, the others stay with their new reasons.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import batch, manifest, quality, quarantine, stage
from spark.contract import CONTRACT_VERSION, SOURCES
from spark.entries import of_texts
from spark.manifest import REPROCESS, Manifest
from spark.storage import ObjectVersion
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.manifest import Entry
    from spark.quality import Result
    from spark.unsettled import VersionKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTS = ("records_read", "kept", "ignored", "quarantined", "duplicates")


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An object version with records that an older contract refused, and its account so far."""

    version: ObjectVersion
    records_read: int
    kept: int
    ignored: int
    quarantined: int
    duplicates: int
    there: int
    """How many of the refused records the quarantine still has."""
    whole: int
    """Of these, how many with the text that was refused."""
    due: int
    """Of these, how many no newer contract has refused since."""

    @property
    def removed(self) -> int:
        """Refused records that the quarantine does not have any more."""
        return max(self.quarantined - self.there, 0)


def refused(bronze: Bronze) -> dict[VersionKey, Refused]:
    """The versions in the tables that no contract since an older one has read whole."""
    of_texts = F.expr(f"if({quarantine.WHOLE}, occurrences, 0)")
    of_older = F.expr(
        f"if({quarantine.WHOLE} and contract_version < {CONTRACT_VERSION}, occurrences, 0)"
    )
    texts = (
        bronze.read(QUARANTINED_RECORDS)
        .groupBy(*quarantine.VERSION)
        .agg(
            F.sum("occurrences").alias("there"),
            F.sum(of_texts).alias("whole"),
            F.sum(of_older).alias("due"),
        )
    )
    rows = (
        bronze.read(INGESTED_FILES)
        .where("status = 'ingested' and quarantined > 0")
        .where(F.col("contract_version") < CONTRACT_VERSION)
        .select(*quarantine.VERSION, "size", *_COUNTS)
        .join(texts, [*quarantine.VERSION], "left")
        .withColumn("modified_us", F.expr("unix_micros(source_modified)"))
    )
    found = {}
    for row in rows.collect():
        modified = _EPOCH + timedelta(microseconds=row["modified_us"])
        version = ObjectVersion(row["source_path"], row["source_etag"], modified, row["size"])
        found[key_of(version)] = Refused(
            version=version,
            **{name: row[name] for name in _COUNTS},
            **{name: row[name] or 0 for name in ("there", "whole", "due")},
        )
    return found


def lost(gone: Iterable[Refused], landing: str) -> dict[str, int]:
    """How many refused records of versions that are gone cannot come back, by the reason why.

    `removed`: not in quarantine any more, by its retention or by hand. `altered`: what is there is
    not the text that was refused. `elsewhere`: of an object that never lay in this landing zone.
    """
    counts = Counter({"removed": 0, "altered": 0, "elsewhere": 0})
    for found in gone:
        counts["removed"] += found.removed
        counts["altered"] += found.there - found.whole
        if not _is_here(found, landing):
            counts["elsewhere"] += found.whole
    return dict(counts)


def batches(gone: Iterable[Refused], arguments: Arguments) -> Iterator[list[Refused]]:
    """What the quarantine can give, in batches of the size of any other.

    No path occurs twice in one of them: a stage tells versions by their paths.
    """
    due = {
        found.version: found for found in gone if found.due and _is_here(found, arguments.landing)
    }
    met: Counter[str] = Counter()
    rounds: defaultdict[int, list[ObjectVersion]] = defaultdict(list)
    for version in sorted(due):
        rounds[met[version.path]].append(version)
        met[version.path] += 1
    for versions in rounds.values():
        for some in batch.cut(versions, arguments):
            yield [due[version] for version in some]


def begin(bronze: Bronze, arguments: Arguments, gone: Sequence[Refused]) -> Manifest:
    """Stage the texts that the quarantine has of versions that are gone, and write the manifest.

    Raises QualityError, before anything counts as seen, when a rule is broken that stops the run.
    """
    name = f"{arguments.run_id}.{uuid4().hex[:12]}"
    print(f"batch of {len(gone)} object versions from the quarantine")  # noqa: T201 # the job's log
    entries: list[Entry] = []
    reasons: Counter[str] = Counter()
    verdicts: list[Result] = []
    files: dict[str, list[str]] = {}
    for source in SOURCES:
        own = {
            found.version.path: found
            for found in gone
            if stage.source_of(found.version.path, arguments.landing) is source
        }
        if not own:
            continue
        versions = [found.version for found in own.values()]
        path = stage.folder(arguments.processing, name, source)
        with bronze.steps(f"stage {source.name}"):
            rules = quality.rules_of(source)
            lines = quarantine.lines(bronze, versions)
            staged = stage.parse_again(lines, source, versions, path, rules)
        files |= staged.files
        judged = batch.judged(staged.accounts, rules)
        quality.stop_before(judged)
        verdicts += judged
        for account in staged.accounts:
            reasons.update(account.counts.reasons)
        entries += [
            of_texts(source, own[account.source_path], account) for account in staged.accounts
        ]
    seen = Manifest(
        batch=name,
        run_id=arguments.run_id,
        contract_version=CONTRACT_VERSION,
        entries=tuple(entries),
        refused=(),
        reasons=dict(reasons),
        task=REPROCESS,
        quality=tuple(verdicts),
        files=files,
    )
    bronze.lease.check()
    manifest.write(bronze.storage, arguments.processing, seen)
    return seen


def _is_here(found: Refused, landing: str) -> bool:
    return stage.source_of(found.version.path, landing) is not None
