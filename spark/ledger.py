"""The ledger: a row per object version in `ingested_files`, and what is left to ingest.

An object version is its path, etag and modification time; a new upload of a key is a new version.
Versions that failed come back after a pause that doubles with each attempt, and are parked after
the last one, unless it was Amazon S3 that failed. Versions that are held come back when their paths
are accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark.failures import S3_FAILED
from spark.ranking import greater
from spark.reader import microseconds
from spark.tables import INGESTED_FILES
from spark.unsettled import MAX_ATTEMPTS, OpenVersion, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyspark.sql import DataFrame

    from spark.delta import Bronze
    from spark.manifest import Manifest
    from spark.storage import ObjectVersion
    from spark.unsettled import VersionKey

_LISTING_CHUNK = 50_000
"""Listed versions compared with the ledger at a time: bounds the driver's memory."""

_MODIFIED_US = "unix_micros(source_modified) as modified_us"
_KEY = ("source_path", "source_etag", "modified_us")


def _now() -> datetime:
    return datetime.now(UTC)


def pending(
    bronze: Bronze, listed: Iterable[ObjectVersion], accepted: Sequence[str] = ()
) -> Iterator[ObjectVersion]:
    """The listed versions that the ledger does not settle, in the order of the listing.

    Held versions are settled, but for those of `accepted` paths.
    """
    settled = _settled(bronze, accepted, _now())
    versions = iter(listed)
    while chunk := _next(bronze, versions):
        rows = [(v.path, v.etag, microseconds(v.modified), i) for i, v in enumerate(chunk)]
        frame = bronze.spark.createDataFrame(
            rows, "source_path string, source_etag string, modified_us bigint, place int"
        )
        # Listings are in the order of their keys: each chunk concerns a part of the ledger's files.
        paths = [v.path for v in chunk]
        near = settled.where(F.col("source_path").between(min(paths), max(paths)))
        with bronze.steps("compare with the ledger"):
            left = frame.join(near, [*_KEY], "left_anti").select("place").collect()
        yield from (chunk[place] for place in sorted(row["place"] for row in left))


def _next(bronze: Bronze, versions: Iterator[ObjectVersion]) -> list[ObjectVersion]:
    with bronze.steps("list"):
        return list(islice(versions, _LISTING_CHUNK))


def _settled(bronze: Bronze, accepted: Sequence[str], now: datetime) -> DataFrame:
    """The keys of versions that are done, held, parked, or waiting for their next attempt."""
    pause = f"60 * power(2, least(attempts, {MAX_ATTEMPTS - 1}))"
    waits = f"unix_timestamp(ingested_at) + {pause} > {int(now.timestamp())}"
    parked = f"attempts >= {MAX_ATTEMPTS} and not startswith(error, '{S3_FAILED}')"
    entries = bronze.read(INGESTED_FILES)
    if accepted:
        entries = entries.where((F.col("status") != "held") | ~F.col("source_path").isin(*accepted))
    return entries.where(f"status <> 'failed' or ({parked}) or {waits}").select(
        "source_path", "source_etag", F.expr(_MODIFIED_US)
    )


def unsettled(bronze: Bronze) -> dict[VersionKey, OpenVersion]:
    """The versions that the ledger has as held or failed."""
    columns = ("source_path", "source_etag", "status", "error", "attempts")
    rows = (
        bronze.read(INGESTED_FILES)
        .where("status <> 'ingested'")
        .select(*columns, "records_read", "quarantined", F.expr(_MODIFIED_US))
    )
    return {
        (row["source_path"], row["source_etag"], row["modified_us"]): OpenVersion(
            path=row["source_path"],
            status=row["status"],
            error=row["error"],
            attempts=row["attempts"],
            records_read=row["records_read"],
            quarantined=row["quarantined"],
        )
        for row in rows.collect()
    }


def in_tables(bronze: Bronze, versions: Sequence[ObjectVersion]) -> set[VersionKey]:
    """Those of the versions whose records are in the tables."""
    keys = {key_of(version) for version in versions}
    frame = bronze.spark.createDataFrame(
        sorted(keys), "source_path string, source_etag string, modified_us bigint"
    )
    entries = bronze.read(INGESTED_FILES).where("status = 'ingested'")
    entries = entries.select("source_path", "source_etag", F.expr(_MODIFIED_US))
    rows = frame.join(entries, [*_KEY], "left_semi").collect()
    return {(row["source_path"], row["source_etag"], row["modified_us"]) for row in rows}


def unknown(bronze: Bronze, paths: Sequence[str]) -> list[str]:
    """Those of the paths of which the ledger has no version."""
    found = known(bronze, paths)
    return [path for path in paths if path not in found]


def known(bronze: Bronze, paths: Sequence[str]) -> set[str]:
    """Those of the paths of which the ledger has any version."""
    if not paths:
        return set()
    asked = bronze.spark.createDataFrame([(path,) for path in paths], "source_path string")
    entries = bronze.read(INGESTED_FILES).select("source_path")
    return {row["source_path"] for row in asked.join(entries, "source_path", "left_semi").collect()}


def holds(bronze: Bronze, manifest: Manifest) -> bool:
    """Whether the ledger has the entries of this batch."""
    rows = bronze.read(INGESTED_FILES).where(F.col("batch") == manifest.batch)
    return rows.limit(1).count() > 0


def record(bronze: Bronze, manifest: Manifest) -> None:
    """Enter a batch's versions into the ledger, all in one commit.

    A version that is there already is being read again: its entry is replaced, with one more
    attempt.
    """
    rows = [
        (
            e.path,
            e.etag,
            microseconds(e.modified),
            e.size,
            e.status,
            e.records_read,
            e.kept,
            e.ignored,
            e.quarantined,
            e.duplicates,
            e.error,
        )
        for e in manifest.entries
    ]
    entries = bronze.spark.createDataFrame(
        rows,
        "source_path string, source_etag string, modified_us bigint, size bigint, status string, "
        "records_read bigint, kept bigint, ignored bigint, quarantined bigint, duplicates bigint, "
        "error string",
    )
    before = bronze.read(INGESTED_FILES).select(
        "source_path",
        "source_etag",
        F.expr(_MODIFIED_US),
        F.col("attempts").alias("attempts_before"),
    )
    counted = entries.join(before, [*_KEY], "left").select(
        *entries.columns,
        F.expr("timestamp_micros(modified_us)").alias("source_modified"),
        F.expr("cast(coalesce(attempts_before, 0) + 1 as int)").alias("attempts"),
        F.lit(manifest.contract_version).alias("contract_version"),
        F.lit(manifest.run_id).alias("run_id"),
        F.lit(manifest.batch).alias("batch"),
        F.current_timestamp().alias("ingested_at"),
    )
    bronze.add(INGESTED_FILES, counted, update_when=greater(("attempts",)))
