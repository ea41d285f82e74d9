"""What the landing zone and the tables looked like when nothing was left to do.

A run that found nothing new notes a digest of its listing and of every table's log, as they were
before it asked the ledger. As long as both are what they were, the ledger settles every version
that is listed, and the next run has nothing to ask it: on Spark that one question costs more than
all else of such a run (docs/adr/0015). Whatever differs is asked of the ledger as ever. A note of
tables that another writer has changed since matches nothing, so it takes no lease to write one.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from spark import manifest, restore, unjudged
from spark.contract import CONTRACT_VERSION
from spark.errors import StorageError
from spark.tables import TABLES
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spark.delta import Bronze
    from spark.report import Report
    from spark.storage import ObjectVersion, Storage
    from spark.tables import Table

FORMAT = 1

MAX_LISTED = 50_000
"""Of a longer listing nothing is noted: it would have to be kept in the driver's memory."""

State = dict[str, Any]
"""All on which it depends whether a run finds something to do, as a JSON document."""


def is_work_open(storage: Storage, processing: str) -> bool:
    """Whether an earlier run has left anything to finish or to judge."""
    return bool(
        unjudged.runs(storage, processing)
        or restore.is_open(storage, processing)
        or manifest.batches(storage, processing)
    )


def state(bronze: Bronze, listed: list[ObjectVersion]) -> State | None:
    """How things stand now, with every input that is `listed`; None where nothing can be noted."""
    if len(listed) > MAX_LISTED:
        return None
    with ThreadPoolExecutor(max_workers=len(TABLES)) as threads:
        logs = dict(zip(TABLES, threads.map(bronze.log, TABLES), strict=True))
    if not all(logs.values()):
        return None
    return {
        "format": FORMAT,
        "contract_version": CONTRACT_VERSION,
        "listing": _digest(listed),
        "tables": {table.name: _version(table, log) for table, log in logs.items()},
    }


def is_noted(storage: Storage, processing: str, current: State | None) -> bool:
    """Whether an earlier run found nothing new in this very state."""
    if current is None:
        return False
    try:
        return bool(storage.read_json(_path(processing)) == current)
    except StorageError:
        # No run depends on a note: the ledger knows.
        return False


def note(storage: Storage, processing: str, before: State | None, report: Report) -> None:
    """Note the state `before` a run that has found nothing to do in it, and left nothing open."""
    if before is None or report.new or report.unsettled.any_open or report.changed:
        return
    try:
        storage.write_json(_path(processing), before)
    except StorageError as error:
        print(f"the next run will have to look for itself: {error}")  # noqa: T201 # the job's log


def _version(table: Table, log: Iterable[ObjectVersion]) -> list[Any]:
    """A table's schema version and its log's digest: one made anew counts from the beginning."""
    return [table.schema_version, _digest(log)]


def _digest(versions: Iterable[ObjectVersion]) -> str:
    """The SHA-256 of object versions, as the ledger tells them apart, in hexadecimal digits."""
    digest = hashlib.sha256()
    for version in versions:
        digest.update(repr(key_of(version)).encode())
    return digest.hexdigest()


def _path(processing: str) -> str:
    return f"{processing}/settled.json"
