"""Held and failed object versions: what a run tells about them until somebody or time settles them.

The ledger remembers each; told are those that the landing zone still has, for a person can only do
something about these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from spark.failures import of_s3
from spark.reader import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    """The ledger's open versions, and which of them this run has met in the landing zone."""

    known: Mapping[VersionKey, OpenVersion] = field(default_factory=dict)
    met: dict[VersionKey, OpenVersion] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    """Paths of versions that were held before this run and are in the tables now."""

    def passing(self, versions: Iterable[ObjectVersion]) -> Iterator[ObjectVersion]:
        """Pass the listed versions on, and remember which open ones are among them."""
        for version in versions:
            if self.known and (found := self.known.get(key_of(version))):
                self.met[key_of(version)] = found
            yield version

    def held(self, paths: Iterable[str]) -> frozenset[VersionKey]:
        """The held versions, by the ledger, of these paths."""
        wanted = frozenset(paths)
        return frozenset(
            key for key, found in self.known.items() if found.status == "held" and key[0] in wanted
        )

    def failed(self) -> frozenset[VersionKey]:
        """The failed versions, by the ledger."""
        return frozenset(key for key, found in self.known.items() if found.status == "failed")

    def update(self, seen: Manifest) -> None:
        """Take over what a batch has made of its versions."""
        for entry in seen.entries:
            key = (entry.path, entry.etag, microseconds(entry.modified))
            before = self.met.pop(key, None)
            if entry.error is None:
                if before is not None and before.status == "held":
                    self.released.append(entry.path)
                continue
            now = OpenVersion(
                path=entry.path,
                status=entry.status,
                error=entry.error,
                attempts=0,
                records_read=entry.records_read,
                quarantined=entry.quarantined,
            )
            self.met[key] = replace(now, attempts=before.attempts + 1 if before else 1)

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """`held` and `failures` of the report, by path."""
        ordered = [found for _, found in sorted(self.met.items())]
        held = [
            {
                "path": found.path,
                "read": found.records_read,
                "quarantined": found.quarantined,
                "error": found.error,
            }
            for found in ordered
            if found.status == "held"
        ]
        failures = [
            {
                "path": found.path,
                "error": found.error,
                "attempts": found.attempts,
                "parked": found.is_parked,
            }
            for found in ordered
            if found.status == "failed"
        ]
        return {"held": held[:MAX_TOLD], "failures": failures[:MAX_TOLD]}
