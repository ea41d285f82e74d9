"""The quarantine: bad records, text and reasons, until a newer contract finds them good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds, stage
from spark.contract import SOURCES
from spark.reader import OK, microseconds
from spark.tables import QUARANTINED_RECORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from spark.contract import Source
    from spark.delta import Bronze
    from spark.manifest import Entry, Manifest
    from spark.storage import ObjectVersion

VERSION = ("source_path", "source_etag", "source_modified")
WHOLE = "coalesce(sha2(raw, 256) = record_hash, false)"
"""SQL: whether a row's text is what was refused: somebody may have cut it, or blotted it out."""


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
    read = [entry.version for entry in seen.entries if entry.status == "ingested"]
    if not read or bronze.is_empty(QUARANTINED_RECORDS):
        return
    left = _of(bronze, _versions(bronze, read), read)
    if seen.is_from_quarantine:
        left = left.where(WHOLE)  # the batch has read no other
    left = left.select(*QUARANTINED_RECORDS.key)
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


def lines(bronze: Bronze, versions: Sequence[ObjectVersion]) -> DataFrame:
    """The versions' records as LINES of the reader: each whole text as often as it occurred."""
    named = _versions(bronze, versions)
    same = (
        F.col("source_path"),
        F.expr("unix_micros(source_modified)").alias("source_modified_us"),
    )
    nothing = F.lit(None).cast("string")
    records = _of(bronze, named, versions).where(WHOLE)
    records = records.select(
        *same,
        "source_etag",
        "raw",
        nothing.alias("error"),
        F.explode(F.expr("sequence(1, occurrences)")).alias("occurrence"),
    )
    ends = named.select(*same, "source_etag", nothing.alias("raw"), F.lit(OK).alias("error"))
    return records.drop("occurrence").unionByName(ends)


def _versions(bronze: Bronze, versions: Sequence[ObjectVersion]) -> DataFrame:
    named = [(v.path, v.etag, microseconds(v.modified)) for v in versions]
    frame = bronze.spark.createDataFrame(
        named, "source_path string, source_etag string, modified_us bigint"
    )
    return frame.select(
        "source_path", "source_etag", F.expr("timestamp_micros(modified_us)").alias(VERSION[2])
    )


def _of(bronze: Bronze, named: DataFrame, versions: Sequence[ObjectVersion]) -> DataFrame:
    """The rows of the versions."""
    near = bounds.of_paths(version.path for version in versions)
    rows = bronze.read(QUARANTINED_RECORDS).alias("t").where(near)
    return rows.join(named, [*VERSION], "left_semi")


def _has_bad(seen: Manifest, source: Source) -> bool:
    return any(_is_bad(entry, source) for entry in seen.entries)


def _is_bad(entry: Entry, source: Source) -> bool:
    return entry.source == source.name and entry.status == "ingested" and entry.quarantined > 0


def _bad(bronze: Bronze, processing: str, seen: Manifest, source: Source) -> DataFrame:
    files = stage.files(processing, seen, source)
    return stage.bad_records(bronze.spark, source, files, seen.refused)
