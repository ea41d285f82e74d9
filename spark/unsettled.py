"""Held and failed object versions: what a run tells about them until somebody or time settles them.

The ledger remembers each; told are those that the landing zone still has, for a person can only do
something about these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spark.failures import of_s3
from spark.reader import microseconds

if TYPE_CHECKING:
    from spark.manifest import Manifest
    from spark.storage import ObjectVersion

MAX_ATTEMPTS = 5
"""A version whose content could not be read this often is parked: only a new upload brings it back,
or reprocessing."""

MAX_TOLD = 1_000
"""Versions of either kind that a report lists: a report is to be read."""

VersionKey = tuple[str, str, int]
"""Path, etag, modified (µs since 1970)."""


@dataclass(frozen=True, kw_only=True)
class OpenVersion:
    """A version that the ledger has as held or failed, and why."""

    path: str
    status: str
    error: str
    attempts: int
    records_read: int
    quarantined: int

    @property
    def is_parked(self) -> bool:
        """Whether no run tries it again by itself."""
        return self.status == "failed" and self.attempts >= MAX_ATTEMPTS and not of_s3(self.error)


def key_of(version: ObjectVersion) -> VersionKey:
    """What tells one object version from another, as the ledger has it."""
    return (version.path, version.etag, microseconds(version.modified))


@dataclass
class Unsettled:
    """The open versions that a run meets in the landing zone: their number, and the first of them.

    The ledger may have millions: of those that this run does not read only what is told is kept.
    """

    due: dict[VersionKey, OpenVersion] = field(default_factory=dict)
    """Those that this run reads again and has not come to yet."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many versions are open, by status, without those that are due."""
    told: dict[str, list[OpenVersion]] = field(default_factory=dict)
    """By status, the first that were met."""
    released: list[str] = field(default_factory=list)
    """Paths of versions that were held before this run and are in the tables now."""

    def failed(self) -> frozenset[VersionKey]:
        """The failed versions among those that this run reads again."""
        return frozenset(key for key, found in self.due.items() if found.status == "failed")

    @property
    def any_open(self) -> bool:
        """Whether any version that was met is held or failed, or was not come to."""
        return bool(self.due) or self.counts.total() > 0

    def meet(self, key: VersionKey, found: OpenVersion, *, due: bool) -> None:
        """Take note of an open version of the landing zone, which this run reads if it is `due`."""
        if due:
            self.due[key] = found
        else:
            self._tell(found)

    def _tell(self, found: OpenVersion) -> None:
        self.counts[found.status] += 1
        told = self.told.setdefault(found.status, [])
        if len(told) < MAX_TOLD:
            told.append(found)

    def update(self, seen: Manifest) -> None:
        """Take over what a batch has made of its versions."""
        for entry in seen.entries:
            key = (entry.path, entry.etag, microseconds(entry.modified))
            before = self.due.pop(key, None)
            if entry.error is None:
                if before is not None and before.status == "held":
                    self.released.append(entry.path)
                continue
            self._tell(
                OpenVersion(
                    path=entry.path,
                    status=entry.status,
                    error=entry.error,
                    attempts=before.attempts + 1 if before else 1,
                    records_read=entry.records_read,
                    quarantined=entry.quarantined,
                )
            )

    def as_json(self) -> dict[str, Any]:
        """`open`, `held` and `failures` of the report: counts, and the first of them by path."""
        left = Counter(found.status for found in self.due.values())
        held = [
            {
                "path": found.path,
                "read": found.records_read,
                "quarantined": found.quarantined,
                "error": found.error,
            }
            for found in self._first("held")
        ]
        failures = [
            {
                "path": found.path,
                "error": found.error,
                "attempts": found.attempts,
                "parked": found.is_parked,
            }
            for found in self._first("failed")
        ]
        counts = {status: self.counts[status] + left[status] for status in ("held", "failed")}
        return {"open": counts, "held": held, "failures": failures}

    def _first(self, status: str) -> list[OpenVersion]:
        left = [found for found in self.due.values() if found.status == status]
        found = [*self.told.get(status, ()), *left]
        return sorted(found, key=lambda version: version.path)[:MAX_TOLD]
