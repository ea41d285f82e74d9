"""What a run did, in numbers: printed for the log and left as JSON for the pipeline.

Counts and reasons only, never a raw value: records hold personal data.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spark import drift, quality, unjudged
from spark.unsettled import Unsettled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spark.delta import Bronze
    from spark.drift import Drift
    from spark.manifest import Manifest
    from spark.quality import Result
    from spark.storage import ObjectVersion

VERSION = 1


@dataclass
class Report:
    """The counts of one run. Versions and records of batches left by earlier runs count too."""

    run_id: str
    listed: int = 0
    new: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    batches: list[str] = field(default_factory=list)
    unsettled: Unsettled = field(default_factory=Unsettled)
    unread: dict[str, str] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    quality: list[Result] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    """Runs that changed tables since the rules of tables held last."""
    left_unjudged: bool = False
    """Whether there were any before this attempt: an earlier one may have had the same run id."""
    changed: int = 0
    """Object versions that were overwritten or deleted before they were read."""
    passed_over: int = 0
    """Objects in the sources' folders, not empty, that are no input by their names."""
    gone: int = 0
    """Object versions that were to be read again and are no longer in the landing zone."""
    lost: dict[str, int] = field(default_factory=dict)
    """Why -> how many of their refused records cannot come back; see `spark.requeue.lost`."""
    from_quarantine: Counter[str] = field(default_factory=Counter)
    """Versions of which the quarantine's texts were read, how many records it gave up for good ones
    (`taken`), and how many that the ledger has as refused it had no more (`removed`)."""
    finished_runs: list[str] = field(default_factory=list)
    dropped_runs: list[str] = field(default_factory=list)
    """Runs that read versions again for nothing: the stage was lost before all tables had it."""

    def counting(self, versions: Iterable[ObjectVersion]) -> Iterator[ObjectVersion]:
        """Pass the listed versions on, counting them."""
        for version in versions:
            self.listed += 1
            yield version

    def add(self, seen: Manifest, pinned: int) -> None:
        """Count a batch of this run, of which `pinned` versions were to be read."""
        self.new += pinned
        self.unsettled.update(seen)
        self._count(seen)

    def add_finished(self, left: Manifest) -> None:
        """Count a batch that an earlier run had left open."""
        self.finished_runs.append(left.run_id)
        self._count(left)

    def _count(self, seen: Manifest) -> None:
        self.batches.append(seen.batch)
        self.reasons.update(seen.reasons)
        self.unread.update(seen.unread)
        self.changed += seen.changed
        self.drift = drift.merged([*self.drift, *seen.drift])
        self.quality = quality.merged([*self.quality, *seen.quality])
        self._count_entries(seen)

    def check_tables(self, bronze: Bronze, processing: str) -> None:
        """Judge the rules of tables, if any run has brought anything since they held last.

        Where this run has written; where another one left the verdict to it, everything.
        """
        self.unjudged = unjudged.runs(bronze.storage, processing)
        if not self.unjudged:
            return
        others = self.left_unjudged or any(run != self.run_id for run in self.unjudged)
        verdicts = quality.check_tables(bronze, everything=others)
        self.quality += verdicts
        if not quality.broken(verdicts):
            unjudged.clear(bronze, processing)

    def stop_if_broken(self) -> None:
        """Raise QualityError when the tables break a rule that stops the run."""
        quality.stop_after(self.quality, self.unjudged)

    def _count_entries(self, seen: Manifest) -> None:
        for entry in seen.entries:
            self.statuses[entry.status] += 1
            if entry.error is not None:
                continue
            if entry.from_quarantine is not None:
                self.from_quarantine["versions"] += 1
                self.from_quarantine["taken"] += entry.from_quarantine
                self.from_quarantine["removed"] += entry.removed
            self.records["read"] += entry.records_read
            self.records["good"] += entry.kept
            self.records["ignored"] += entry.ignored
            self.records["quarantined"] += entry.quarantined
            self.records["duplicates"] += entry.duplicates

    def as_json(self) -> dict[str, Any]:
        """The report as the pipeline reads it."""
        kinds = ("read", "good", "ignored", "quarantined", "duplicates")
        return {
            "version": VERSION,
            "run_id": self.run_id,
            "files": {
                "listed": self.listed,
                "new": self.new,
                "ingested": self.statuses["ingested"],
                "failed": self.statuses["failed"],
                "held": self.statuses["held"],
                "changed": self.changed,
                "passed_over": self.passed_over,
            },
            "records": {kind: self.records[kind] for kind in kinds},
            "reasons": dict(sorted(self.reasons.items())),
            **self.unsettled.as_json(),
            "released": self.unsettled.released,
            "unread": dict(sorted(self.unread.items())),
            "gone": self.gone,
            "lost": self.lost,
            "from_quarantine": {
                what: self.from_quarantine[what] for what in ("versions", "taken", "removed")
            },
            "drift": self.drift,
            "quality": self.quality,
            "finished_runs": self.finished_runs,
            "dropped_runs": self.dropped_runs,
            "batches": self.batches,
        }
