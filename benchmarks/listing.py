"""What a landing zone of a million objects costs a run: `python -m benchmarks.listing`.

The lister is simulated, the ledger is real: a Delta table on localaws' S3 that has all versions but
the last ones. Prints the seconds of the comparison and the memory of the driver, which on the
embedded engine has the engine in it, chunk by chunk.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.engines import opened
from benchmarks.processes import resident_bytes
from localaws.process import start
from spark import ledger
from spark.delta import Bronze
from spark.lease import Lease, Writer, hold
from spark.reader import microseconds
from spark.storage import ObjectVersion, Storage, client
from spark.tables import INGESTED_FILES
from spark.unsettled import Unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "bench-listing"
FOLDER = "s3://bench-landing/song-data"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_FILE = 100_000
"""Ledger rows in one file: what ten batches of 10,000 leave after a compaction."""


def main(argv: list[str]) -> None:
    """Compare a listing of that many objects with a ledger that has all but the last 1,000."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.listing")
    parser.add_argument("--objects", type=int, default=1_000_000)
    objects = parser.parse_args(argv).objects
    with start() as aws:
        os.environ.update(aws.environment())
        storage = Storage(client())
        storage.s3.create_bucket(Bucket=BUCKET)
        lease = Lease(storage, f"s3://{BUCKET}", Writer(run_id="bench"))
        with opened("sail") as spark, hold(lease, minutes=600):
            bronze = Bronze(
                spark=spark,
                storage=storage,
                lease=lease,
                root=f"s3://{BUCKET}",
                run_id="bench",
            )
            fill(bronze, objects - 1_000)
            compare(bronze, objects)


def compare(bronze: Bronze, objects: int) -> list[ObjectVersion]:
    """List, compare, print; the versions that are new."""
    begun = time.perf_counter()
    new = list(ledger.pending(bronze, _watched(objects), Unsettled()))
    print(
        f"{objects:,} listed, {len(new):,} new, {time.perf_counter() - begun:.1f} s: "
        f"{bronze.steps.as_json()}"
    )
    return new


def _watched(objects: int) -> Iterator[ObjectVersion]:
    """The simulated listing, telling the process's memory on its way."""
    for number in range(objects):
        if number % 100_000 == 0:
            print(f"{number:>9,} listed: {resident_bytes(os.getpid()) / 2**20:,.0f} MB")
        yield version(number)


def version(number: int) -> ObjectVersion:
    """The object of that number, as a listing gives it."""
    return ObjectVersion(
        path=f"{FOLDER}/{number:012d}.json",
        etag=f"{number:032x}",
        modified=MOMENT,
        size=300,
    )


def fill(bronze: Bronze, objects: int) -> None:
    """Make a ledger that has the first `objects` versions as ingested."""
    bronze.create_missing([INGESTED_FILES])
    accounts = ("records_read", "kept", "ignored", "quarantined", "duplicates")
    moment = f"timestamp_micros({microseconds(MOMENT)})"
    for first in range(0, objects, _FILE):
        numbers = bronze.spark.range(first, min(first + _FILE, objects), 1, 1)
        rows = numbers.selectExpr(
            f"concat('{FOLDER}/', lpad(cast(id as string), 12, '0'), '.json') as source_path",
            "lpad(lower(hex(id)), 32, '0') as source_etag",
            f"{moment} as source_modified",
            "cast(300 as bigint) as size",
            "'ingested' as status",
            *(f"cast(1 as bigint) as {name}" for name in accounts),
            "cast(null as string) as error",
            "1 as attempts",
            "1 as contract_version",
            "'bench' as run_id",
            f"'bench.{first}' as batch",
            f"{moment} as ingested_at",
            "cast(null as bigint) as from_quarantine",
        )
        bronze.append(INGESTED_FILES, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
