"""Restore points: which version each table had before a run's first commit.

One object per run, `<processing>/restore-points/<run id>.json`, written before the run commits
anything. A run that finishes the batch of another finishes it under the other's restore point.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spark.errors import StorageError
from spark.tables import TABLES

if TYPE_CHECKING:
    from spark.delta import Bronze
    from spark.storage import Storage

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class RestorePoint:
    """The tables' versions before a run. `undone_by` is the restore that took the run back."""

    run_id: str
    recorded_at: str
    versions: dict[str, int]
    undone_by: str = ""

    @property
    def place(self) -> tuple[int, str]:
        """Where the run stands among all: versions only grow, and one writer works at a time."""
        return sum(self.versions.values()), self.recorded_at


def folder(processing: str) -> str:
    """Where the restore points lie."""
    return f"{processing}/restore-points/"


def record(bronze: Bronze, processing: str, run_id: str) -> None:
    """Write the run's restore point, unless it has one: the first is the one before its commits."""
    path = _path(processing, run_id)
    if bronze.storage.read_json(path) is None:
        versions = current(bronze)
        moment = datetime.now(UTC).isoformat()
        point = RestorePoint(run_id=run_id, recorded_at=moment, versions=versions)
        bronze.lease.check()
        bronze.storage.write_json(path, {"format": FORMAT, **asdict(point)})


def current(bronze: Bronze) -> dict[str, int]:
    """The version that each table has now."""
    with ThreadPoolExecutor(max_workers=len(TABLES)) as threads:
        versions = threads.map(bronze.version, TABLES)
        return {table.name: version for table, version in zip(TABLES, versions, strict=True)}


def all_points(storage: Storage, processing: str) -> list[RestorePoint]:
    """Every restore point, the oldest run first."""
    paths = [found.path for found in storage.list(folder(processing))]
    points = [_read(storage.read_json(path), path) for path in paths if "/_" not in path]
    return sorted(points, key=lambda point: point.place)


def mark_undone(storage: Storage, processing: str, point: RestorePoint, by: str) -> None:
    """Note that the restore `by` took the run back."""
    undone = replace(point, undone_by=by)
    storage.write_json(_path(processing, point.run_id), {"format": FORMAT, **asdict(undone)})


def _path(processing: str, run_id: str) -> str:
    return f"{folder(processing)}{run_id}.json"


def _read(document: Any, path: str) -> RestorePoint:
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise StorageError(
            f"{path} is no restore point of format {FORMAT}. Use the release of the job that wrote "
            f"it, or delete the object to do without it."
        )
    return RestorePoint(**document)
