"""What a run would ingest, told without a change to any table, stage, manifest, lease or ledger.

All that is written is the report of the dry run itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from spark import ledger, manifest, stage
from spark.contract import SOURCES
from spark.ingest import inputs
from spark.report import VERSION
from spark.tables import INGESTED_FILES
from spark.unsettled import Unsettled, key_of

if TYPE_CHECKING:
    from spark.arguments import Arguments
    from spark.delta import Bronze

KINDS = ("listed", "new", "changed", "again", "released", "too_large", "bytes")
"""By source: objects in the landing zone; of these never read; of these under a key that was read
before; failed ones that are due again; held ones that are accepted; over the limit of size; and
the bytes that would be read."""

_CHUNK = 50_000


@dataclass
class Plan:
    """What a run would do."""

    run_id: str
    open_batches: int = 0
    passed_over: int = 0
    """Objects in the sources' folders, not empty, that are no input by their names."""
    sources: dict[str, Counter[str]] = field(default_factory=dict)
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
            **self.unsettled.as_json(),
        }


def plan(bronze: Bronze, arguments: Arguments) -> Plan:
    """Say what a run with these arguments would ingest now. Needs no lease: nothing is written."""
    found = Plan(arguments.run_id, sources={source.name: Counter() for source in SOURCES})
    left = manifest.open_batches(bronze.storage, arguments.processing)
    found.open_batches = len(left)
    seen = {(entry.path, entry.etag, entry.modified) for batch in left for entry in batch.entries}
    has_ledger = bronze.exists(INGESTED_FILES)
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
            large = version.size > arguments.max_object_bytes
            counts["too_large"] += large
            counts["bytes"] += 0 if large else version.size
    return found


def _of(found: Plan, arguments: Arguments, path: str) -> Counter[str]:
    source = stage.source_of(path, arguments.landing)
    return found.sources[source.name if source else ""]
