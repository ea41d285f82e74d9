"""What the landing zone and the tables looked like when nothing was left to do.

A run that leaves nothing open notes a digest of its listing and the newest version of every table.
As long as both are what they were, the ledger settles every version that is listed, and the next
run has nothing to ask it: on Spark that one question costs more than all else of such a run
(docs/adr/0015). Whatever differs is asked of the ledger as ever.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from spark import manifest, restore, unjudged
from spark.contract import CONTRACT_VERSION
from spark.tables import TABLES
from spark.unsettled import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spark.arguments import Arguments
    from spark.delta import Bronze
    from spark.report import Report
    from spark.storage import ObjectVersion

FORMAT = 1

MAX_LISTED = 50_000
"""Of a longer listing nothing is noted: it would have to be kept in the driver's memory."""


def is_nothing_new(bronze: Bronze, arguments: Arguments, listed: list[ObjectVersion]) -> bool:
    """Whether an earlier run has left nothing to do, and nothing has changed since.

    `listed` is every input of the landing zone, in the order of the listing.
    """
    processing = arguments.processing
    if arguments.accept or len(listed) > MAX_LISTED:
        return False
    noted = bronze.storage.read_json(_path(processing))
    return (
        noted is not None
        and noted["listing"] == _digest(listed)
        and not unjudged.runs(bronze.storage, processing)
        and not restore.is_open(bronze.storage, processing)
        and not manifest.batches(bronze.storage, processing)
        and noted == _state(bronze, listed)
    )


def note(bronze: Bronze, processing: str, listed: list[ObjectVersion], report: Report) -> None:
    """Note how things stand after a run, unless it leaves anything to the next one."""
    if len(listed) > MAX_LISTED or report.unsettled.any_open or report.changed:
        return
    bronze.lease.check()
    bronze.storage.write_json(_path(processing), _state(bronze, listed))


def _state(bronze: Bronze, listed: Iterable[ObjectVersion]) -> dict[str, Any]:
    """All on which it depends whether a run would find something, as a JSON document."""
    with ThreadPoolExecutor(max_workers=len(TABLES)) as threads:
        versions = dict(zip(TABLES, threads.map(bronze.newest_version, TABLES), strict=True))
    return {
        "format": FORMAT,
        "listing": _digest(listed),
        "contract_version": CONTRACT_VERSION,
        "schema_versions": {table.name: table.schema_version for table in TABLES},
        # Its ETag too: a lake that was made anew counts its commits from the beginning.
        "versions": {
            table.name: newest and [newest.path, newest.etag] for table, newest in versions.items()
        },
    }


def _digest(listed: Iterable[ObjectVersion]) -> str:
    """The SHA-256 of the versions, as the ledger tells them apart, in hexadecimal digits."""
    digest = hashlib.sha256()
    for version in listed:
        digest.update(repr(key_of(version)).encode())
    return digest.hexdigest()


def _path(processing: str) -> str:
    return f"{processing}/settled.json"
