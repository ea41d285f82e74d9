"""What maintenance buys: queries over tables of many small runs, before and after it.

    .venv/bin/python -m benchmarks.maintenance [--runs 300] [--plays 200]

Makes on localaws what so many small runs leave (a file in songplays and one in the ledger each),
maintains the tables with the job's own task on the embedded engine, and prints files, bytes and
the times of two queries as a table in Markdown, which docs/maintenance.md keeps.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pysail.spark import SparkConnectServer

from localaws.process import start
from spark.arguments import parse
from spark.delta import Bronze
from spark.lease import Lease, Writer, hold
from spark.maintain import maintain
from spark.session import session
from spark.storage import Storage, client
from spark.tables import INGESTED_FILES, SONGPLAYS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from spark.tables import Table

ZONES = {name: f"s3://{name}-zone" for name in ("landing", "bronze", "processing")}
REPEATS = 5
"""Each query runs so often; the median counts."""

START = datetime(2018, 11, 1, tzinfo=UTC)
TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def main() -> None:
    """Make the tables, measure, maintain, measure again, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--plays", type=int, default=200, help="rows that each run adds")
    amounts = parser.parse_args()
    with start() as aws:
        os.environ.update(aws.environment())
        server = SparkConnectServer()
        server.start()
        os.environ["SPARK_REMOTE"] = f"sc://127.0.0.1:{server.listening_address[1]}"
        spark = session()
        try:
            for line in measure(spark, amounts.runs, amounts.plays):
                print(line)
        finally:
            spark.stop()
            server.stop()


def measure(spark: SparkSession, runs: int, plays: int) -> Iterator[str]:
    """The result's lines, as Markdown."""
    storage = Storage(client())
    for zone in ZONES.values():
        storage.s3.create_bucket(Bucket=zone.removeprefix("s3://"))
    lease = Lease(storage, ZONES["bronze"], Writer(run_id="benchmark"))
    argv = ["--run_id", "benchmark", "--task", "maintain", "--retention_hours", "0"]
    argv += ["--allow_short_retention", "true"]
    argv += [word for name, zone in ZONES.items() for word in (f"--{name}", zone)]
    with hold(lease, 60):
        bronze = Bronze(spark, storage, lease, ZONES["bronze"], "benchmark")
        bronze.create_missing(TABLES)
        songplays, ledger = (
            DeltaTable(bronze.location(table)) for table in (SONGPLAYS, INGESTED_FILES)
        )
        for run in range(runs):
            _append(songplays, SONGPLAYS, [_play(run * plays + n) for n in range(plays)])
            _append(ledger, INGESTED_FILES, [_file(run)])
        before = _times(bronze)
        began = time.perf_counter()
        tables = maintain(bronze, parse(argv)).as_json()["tables"]
        took = time.perf_counter() - began
    after = _times(bronze)
    yield f"{runs} runs of {plays} plays each; maintenance of all tables took {took:.1f} s.\n"
    yield "| | before | after | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    for table in (SONGPLAYS, INGESTED_FILES):
        sizes = tables[table.name]
        for what in ("files", "bytes", "stored_files", "stored_bytes"):
            old, new = sizes["before"][what], sizes["after"][what]
            label = f"{table.name}: {what.replace('_', ' ')}"
            yield f"| {label} | {old:,} | {new:,} | {old / new:.1f} |"
    for name, seconds in before.items():
        ratio = seconds / after[name]
        yield f"| {name} | {seconds:.3f} s | {after[name]:.3f} s | {ratio:.1f} |"


def _times(bronze: Bronze) -> dict[str, float]:
    """Median seconds of each query, on the embedded engine."""
    return {
        "query: plays by level": _median(
            lambda: bronze.read(SONGPLAYS).groupBy("level").count().collect()
        ),
        "query: all versions in the ledger": _median(
            lambda: bronze.read(INGESTED_FILES).select(*INGESTED_FILES.key).collect()
        ),
    }


def _median(query: Any) -> float:
    def timed() -> float:
        began = time.perf_counter()
        query()
        return time.perf_counter() - began

    timed()
    return statistics.median(timed() for _ in range(REPEATS))


def _append(target: DeltaTable, table: Table, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([(name, TYPES[kind]) for name, kind in table.columns])
    write_deltalake(target, pa.Table.from_pylist(rows, schema), mode="append")


def _play(number: int) -> dict[str, Any]:
    moment = START + timedelta(seconds=number)
    return {
        "songplay_id": f"{number:064x}",
        "start_time": moment,
        "user_id": str(number % 100),
        "level": "paid" if number % 3 else "free",
        "session_id": number // 20,
        "item_in_session": number % 20,
        "artist": f"Artist {number % 500}",
        "song": f"Song {number % 3000}",
        "length": 200.0 + number % 90,
        "location": "Memphis, TN",
        "user_agent": "Mozilla/5.0",
        "year": moment.year,
        "month": moment.month,
        "source_modified": moment,
        "source_path": "s3://landing-zone/log-data/a.json",
        "source_etag": f"{number // 200:032x}",
        "record_hash": f"{number:064x}",
    }


def _file(number: int) -> dict[str, Any]:
    return {
        "source_path": f"s3://landing-zone/log-data/{number}.json",
        "source_etag": f"{number:032x}",
        "source_modified": START + timedelta(hours=number),
        "size": 1000,
        "status": "ingested",
        "records_read": 200,
        "kept": 200,
        "ignored": 0,
        "quarantined": 0,
        "duplicates": 0,
        "attempts": 1,
        "contract_version": 1,
        "run_id": f"run-{number}",
        "batch": f"run-{number}.0",
        "ingested_at": START + timedelta(hours=number),
    }


if __name__ == "__main__":
    main()
