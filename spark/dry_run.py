"""What a run would ingest or read again, told without a change to anything.

No table, stage, manifest, lease or ledger: all that is written is the report of the dry run itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from spark import ledger, manifest, requeue, stage
from spark.contract import SOURCES
from spark.ingest import inputs
from spark.report import VERSION
from spark.reprocess import named
from spark.tables import INGESTED_FILES
from spark.unsettled import Unsettled, key_of

if TYPE_CHECKING:
    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.storage import ObjectVersion

KINDS = ("listed", "new", "changed", "again", "released", "too_large", "bytes")
"""By source: objects in the landing zone; of these never read; of these under a key that was read
before; read before and due again; held ones that are accepted; over the limit of size; and the
bytes that would be read. Of a reprocess, what it does not name is not listed."""

_CHUNK = 50_000


@dataclass
class Plan:
    """What a run would do."""

    run_id: str
    open_batches: int = 0
    passed_over: int = 0
    """Objects in the sources' folders, not empty, that are no input by their names."""
    sources: dict[str, Counter[str]] = field(default_factory=dict)
    gone: int = 0
    """Object versions with records to requeue that are no longer in the landing zone."""
    lost: dict[str, int] = field(default_factory=dict)
    """See `spark.requeue.lost`."""
    from_quarantine: Counter[str] = field(default_factory=Counter)
    """Of how many such `versions` the quarantine's texts would be read, and how many records."""
    unsettled: Unsettled = field(default_factory=Unsettled)

    def as_json(self) -> dict[str, Any]:
        """The report as the pipeline reads it."""
        return {
            "version": VERSION,
            "run_id": self.run_id,
            "dry_run": True,
            "open_batches": self.open_batches,
            "passed_over": self.passed_over,
            "sources": {
                name: {kind: counts[kind] for kind in KINDS}
                for name, counts in self.sources.items()
            },
            "gone": self.gone,
            "lost": self.lost,
            "from_quarantine": {
                what: self.from_quarantine[what] for what in ("versions", "records")
            },
            **self.unsettled.as_json(),
        }


def plan(bronze: Bronze, arguments: Arguments) -> Plan:
    """Say what a run with these arguments would read now. Needs no lease: nothing is written."""
    found = Plan(arguments.run_id, sources={source.name: Counter() for source in SOURCES})
    left = manifest.open_batches(bronze.storage, arguments.processing)
    found.open_batches = len(left)
    has_ledger = bronze.exists(INGESTED_FILES)
    if arguments.task == "reprocess":
        _plan_again(bronze, arguments, found, has_ledger=has_ledger)
        return found
    seen = {(entry.path, entry.etag, entry.modified) for batch in left for entry in batch.entries}
    listed = inputs(bronze, arguments.landing, found)
    while chunk := list(islice(listed, _CHUNK)):
        for version in chunk:
            _of(found, arguments, version.path)["listed"] += 1
        pending = chunk
        if has_ledger:
            pending = [*ledger.pending(bronze, chunk, found.unsettled, arguments.accept)]
        pending = [v for v in pending if (v.path, v.etag, v.modified) not in seen]
        known = ledger.known(bronze, [v.path for v in pending]) if has_ledger else set()
        for version in pending:
            counts = _of(found, arguments, version.path)
            if before := found.unsettled.due.get(key_of(version)):
                counts["released" if before.status == "held" else "again"] += 1
            else:
                counts["new"] += 1
                counts["changed"] += version.path in known
            _weigh(counts, version, arguments)
    return found


def _plan_again(bronze: Bronze, arguments: Arguments, found: Plan, *, has_ledger: bool) -> None:
    """Count what a reprocess would read from the landing zone, and what from the quarantine."""
    refused = requeue.refused(bronze) if arguments.requeue and has_ledger else {}
    wanted = named(bronze, arguments, refused, found)
    while chunk := list(islice(wanted, _CHUNK)):
        read = ledger.in_tables(bronze, chunk, found.unsettled) if has_ledger else set()
        for version in chunk:
            counts = _of(found, arguments, version.path)
            counts["listed"] += 1
            known = key_of(version) in read or key_of(version) in found.unsettled.due
            counts["again" if known else "new"] += 1
            _weigh(counts, version, arguments)
    found.gone = len(refused)
    found.lost = requeue.lost(refused.values(), arguments.landing)
    for some in requeue.batches(refused.values(), arguments):
        found.from_quarantine["versions"] += len(some)
        found.from_quarantine["records"] += sum(gone.due for gone in some)


def _weigh(counts: Counter[str], version: ObjectVersion, arguments: Arguments) -> None:
    large = version.size > arguments.max_object_bytes
    counts["too_large"] += large
    counts["bytes"] += 0 if large else version.size


def _of(found: Plan, arguments: Arguments, path: str) -> Counter[str]:
    source = stage.source_of(path, arguments.landing)
    return found.sources[source.name if source else ""]
