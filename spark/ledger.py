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

from spark import bounds
from spark.failures import S3_FAILED
from spark.ranking import greater
from spark.reader import microseconds
from spark.tables import INGESTED_FILES
from spark.unsettled import MAX_ATTEMPTS, OpenVersion, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyspark.sql import Column, DataFrame, Row

    from spark.delta import Bronze
    from spark.manifest import Manifest
    from spark.storage import ObjectVersion
    from spark.unsettled import Unsettled, VersionKey

_LISTING_CHUNK = 50_000
"""Listed versions compared with the ledger at a time: bounds the driver's memory."""

_MODIFIED_US = "unix_micros(source_modified) as modified_us"
_KEY = ("source_path", "source_etag", "modified_us")
_VERSIONS = "source_path string, source_etag string, modified_us bigint, place int"
_OPEN = ("status", "error", "attempts", "records_read", "quarantined")
"""What the ledger tells of a version that is open: held or failed."""


def _now() -> datetime:
    return datetime.now(UTC)


def pending(
    bronze: Bronze,
    listed: Iterable[ObjectVersion],
    unsettled: Unsettled,
    accepted: Sequence[str] = (),
) -> Iterator[ObjectVersion]:
    """The listed versions that the ledger does not settle, in the order of the listing.

    Held versions are settled, but for those of `accepted` paths; so are failed ones that are parked
    or wait for their next attempt. `unsettled` is told of each open version that is listed.
    """
    pause = f"60 * power(2, least(attempts, {MAX_ATTEMPTS - 1}))"
    waits = f"unix_timestamp(ingested_at) + {pause} > {int(_now().timestamp())}"
    parked = f"attempts >= {MAX_ATTEMPTS} and not startswith(error, '{S3_FAILED}')"
    due = F.expr(f"status = 'failed' and not ({parked}) and not ({waits})")
    if accepted:
        due = due | ((F.col("status") == "held") & F.col("source_path").isin(*accepted))
    versions = iter(listed)
    while chunk := _next(bronze, versions):
        if bronze.is_empty(INGESTED_FILES):
            yield from chunk
            continue
        with bronze.steps("compare with the ledger"):
            met = _met(bronze, chunk, due.alias("due"))
            rows = met.where("status is null or status <> 'ingested'").collect()
        left = []
        for row in rows:
            version = chunk[row["place"]]
            if row["status"] is not None:
                unsettled.meet(key_of(version), _open(version.path, row), due=row["due"])
            if row["status"] is None or row["due"]:
                left.append(row["place"])
        yield from (chunk[place] for place in sorted(left))


def _next(bronze: Bronze, versions: Iterator[ObjectVersion]) -> list[ObjectVersion]:
    with bronze.steps("list"):
        return list(islice(versions, _LISTING_CHUNK))


def _met(bronze: Bronze, versions: Sequence[ObjectVersion], *more: Column) -> DataFrame:
    """The versions by their `place`, with what the ledger has of them; null where it has none."""
    rows = [(*key_of(version), place) for place, version in enumerate(versions)]
    frame = bronze.spark.createDataFrame(rows, _VERSIONS)
    # Listings are in the order of their keys: each chunk concerns a part of the ledger's files.
    entries = _near(bronze, [version.path for version in versions])
    entries = entries.select("source_path", "source_etag", F.expr(_MODIFIED_US), *_OPEN, *more)
    return frame.join(entries, [*_KEY], "left")


def _near(bronze: Bronze, paths: Iterable[str]) -> DataFrame:
    """The entries that may be of these paths: the ledger's other files are not read."""
    return bronze.read(INGESTED_FILES).alias("t").where(bounds.of_paths(paths))


def _open(path: str, row: Row) -> OpenVersion:
    return OpenVersion(path=path, **{name: row[name] for name in _OPEN})


def held(bronze: Bronze, paths: Sequence[str]) -> frozenset[VersionKey]:
    """The versions of these paths that the ledger has as held."""
    if not paths:
        return frozenset()
    entries = _near(bronze, paths).where("status = 'held'")
    rows = entries.where(F.col("source_path").isin(*paths)).select(
        "source_path", "source_etag", F.expr(_MODIFIED_US)
    )
    return frozenset(tuple(row) for row in rows.collect())


def in_tables(
    bronze: Bronze, versions: Sequence[ObjectVersion], unsettled: Unsettled
) -> set[VersionKey]:
    """Those of the versions whose records are in the tables; `unsettled` is told of open ones."""
    found = set()
    for row in _met(bronze, versions).where("status is not null").collect():
        version = versions[row["place"]]
        if row["status"] == "ingested":
            found.add(key_of(version))
        else:
            unsettled.meet(key_of(version), _open(version.path, row), due=True)
    return found


def unknown(bronze: Bronze, paths: Sequence[str]) -> list[str]:
    """Those of the paths of which the ledger has no version."""
    found = known(bronze, paths)
    return [path for path in paths if path not in found]


def known(bronze: Bronze, paths: Sequence[str]) -> set[str]:
    """Those of the paths of which the ledger has any version."""
    if not paths:
        return set()
    asked = bronze.spark.createDataFrame([(path,) for path in paths], "source_path string")
    entries = _near(bronze, paths).select("source_path")
    return {row["source_path"] for row in asked.join(entries, "source_path", "left_semi").collect()}


def holds(bronze: Bronze, manifest: Manifest) -> bool:
    """Whether the ledger has the entries of this batch."""
    rows = _near(bronze, [e.path for e in manifest.entries])
    rows = rows.where(F.col("batch") == manifest.batch)
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
            e.from_quarantine,
        )
        for e in manifest.entries
    ]
    entries = bronze.spark.createDataFrame(
        rows,
        "source_path string, source_etag string, modified_us bigint, size bigint, status string, "
        "records_read bigint, kept bigint, ignored bigint, quarantined bigint, duplicates bigint, "
        "error string, taken bigint",
    )
    paths = [e.path for e in manifest.entries]
    # Of a version that is gone, the contract of its reading stays: all else was judged by that.
    contract = f"if(taken is null, {manifest.contract_version}, contract_before)"
    counted = _with_before(bronze, entries, paths).select(
        *entries.columns,
        F.expr("timestamp_micros(modified_us)").alias("source_modified"),
        F.expr("cast(coalesce(attempts_before, 0) + 1 as int)").alias("attempts"),
        F.expr(contract).alias("contract_version"),
        F.lit(manifest.run_id).alias("run_id"),
        F.lit(manifest.batch).alias("batch"),
        F.current_timestamp().alias("ingested_at"),
        F.expr("nullif(taken + coalesce(taken_before, 0), 0)").alias("from_quarantine"),
    )
    near = bounds.of_paths(paths)
    bronze.add(INGESTED_FILES, counted, update_when=greater(("attempts",)), where=near)


def _with_before(bronze: Bronze, entries: DataFrame, paths: Sequence[str]) -> DataFrame:
    """The entries, and what the ledger has of their versions: null where it has nothing."""
    kinds = {"attempts": "int", "contract": "int", "taken": "bigint"}
    if bronze.is_empty(INGESTED_FILES):
        nothing = {f"{name}_before": F.lit(None).cast(kind) for name, kind in kinds.items()}
        return entries.withColumns(nothing)
    before = _near(bronze, paths).select(
        "source_path",
        "source_etag",
        F.expr(_MODIFIED_US),
        F.col("attempts").alias("attempts_before"),
        F.col("contract_version").alias("contract_before"),
        F.col("from_quarantine").alias("taken_before"),
    )
    return entries.join(before, [*_KEY], "left")
