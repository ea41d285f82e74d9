"""The quarantine: bad records, text and reasons, until a newer contract finds them good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds, stage
from spark.contract import CONTRACT_VERSION, SOURCES
from spark.reader import microseconds
from spark.tables import QUARANTINED_RECORDS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from spark.contract import Source
    from spark.delta import Bronze
    from spark.manifest import Entry, Manifest
    from spark.unsettled import VersionKey

_VERSION = ("source_path", "source_etag", "source_modified")


def keep(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Keep the batch's bad records, each distinct one of an object version once, with its count.

    When versions are read again, what the newer contract says of a record takes the older's place.
    """
    for source in SOURCES:
        if _has_bad(seen, source):
            rows = (
                _bad(bronze, processing, seen, source)
                .groupBy(*QUARANTINED_RECORDS.key)
                .agg(
                    F.min("raw").alias("raw"),
                    F.first("reasons").alias("reasons"),
                    F.count(F.lit(1)).alias("occurrences"),
                )
                .withColumns(
                    {
                        "contract_version": F.lit(seen.contract_version),
                        "run_id": F.lit(seen.run_id),
                        "quarantined_at": F.current_timestamp(),
                    }
                )
            )
            where = bounds.of_paths(e.path for e in seen.entries if _is_bad(e, source))
            bronze.add(
                QUARANTINED_RECORDS,
                rows,
                update_when="true" if seen.is_again else None,
                where=where,
            )


def release(bronze: Bronze, processing: str, seen: Manifest) -> None:
    """Let go the records of the batch's versions that its contract finds good.

    Comes after the tables, so that a record is never in neither.
    """
    read = [
        (e.path, e.etag, microseconds(e.modified)) for e in seen.entries if e.status == "ingested"
    ]
    if not read or bronze.is_empty(QUARANTINED_RECORDS):
        return
    versions = bronze.spark.createDataFrame(
        read, "source_path string, source_etag string, modified_us bigint"
    ).withColumn("source_modified", F.expr("timestamp_micros(modified_us)"))
    near = bounds.of_paths(path for path, _, _ in read)
    left = bronze.read(QUARANTINED_RECORDS).alias("t").where(near)
    left = left.select(*QUARANTINED_RECORDS.key)
    left = left.join(versions.drop("modified_us"), [*_VERSION], "left_semi")
    for source in SOURCES:
        if _has_bad(seen, source):
            bad = _bad(bronze, processing, seen, source).select(*QUARANTINED_RECORDS.key)
            left = left.join(bad.distinct(), [*QUARANTINED_RECORDS.key], "left_anti")
    # A MERGE reads its source more than once, and this one comes from its own target.
    path = f"{processing}/runs/{seen.batch}/released"
    left.write.mode("overwrite").parquet(path)
    released = bronze.spark.read.parquet(path)
    if released.limit(1).count():
        bronze.delete(QUARANTINED_RECORDS, released)


def of_older_contracts(bronze: Bronze) -> set[VersionKey]:
    """The object versions with records that an older contract than this one refused."""
    rows = (
        bronze.read(QUARANTINED_RECORDS)
        .where(F.col("contract_version") < CONTRACT_VERSION)
        .select("source_path", "source_etag", F.expr("unix_micros(source_modified) as modified_us"))
        .distinct()
    )
    return {(row["source_path"], row["source_etag"], row["modified_us"]) for row in rows.collect()}


def _has_bad(seen: Manifest, source: Source) -> bool:
    return any(_is_bad(entry, source) for entry in seen.entries)


def _is_bad(entry: Entry, source: Source) -> bool:
    return entry.source == source.name and entry.status == "ingested" and entry.quarantined > 0


def _bad(bronze: Bronze, processing: str, seen: Manifest, source: Source) -> DataFrame:
    path = stage.folder(processing, seen.batch, source)
    return stage.bad_records(bronze.spark, path, seen.refused)
