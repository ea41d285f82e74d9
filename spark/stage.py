"""The stage of a batch: what its object versions hold, parsed once, as Parquet.

A stage lies under `<processing>/runs/<batch id>/<source>/`. Everything that follows reads the stage
alone, so a crash is repeated from there and no input is read twice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses
from pyspark.sql.utils import is_remote

from spark.contract import SOURCES, Source
from spark.errors import StageError
from spark.parser import SQL_TYPE, columns, parse
from spark.reader import LINES, OK, fetch, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from spark.manifest import Manifest
    from spark.quality import RecordRule
    from spark.storage import ObjectVersion, Storage


_TASKS_PER_CORE = 4
"""On Spark, which gives a free core the next task; the embedded engine begins all at once."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of one object version: read = kept + ignored + quarantined + duplicates.

    `error` is None for a version that was read whole.
    """

    source_path: str
    error: str | None
    records_read: int
    kept: int
    ignored: int
    quarantined: int
    duplicates: int
    drifting: int
    """Records with fields that the contract does not know."""
    broken: tuple[int, ...]
    """How many of the kept records, repeated keys included, break each of the rules asked for."""


def folder(processing: str, batch: str, source: Source) -> str:
    """Where the stage of one source lies."""
    return f"{processing}/runs/{batch}/{source.name}"


def lost(storage: Storage, processing: str, seen: Manifest) -> str | None:
    """The first stage of a batch of which nothing is there, though the batch needs it."""
    for source in SOURCES:
        path = folder(processing, seen.batch, source)
        if seen.has(source.name) and not storage.exists_under(f"{path}/"):
            return path
    return None


def source_of(path: str, landing: str) -> Source | None:
    """The source that an object belongs to by its folder; None for what is no input."""
    key = path.removeprefix(f"{landing}/")
    if not key.endswith((".json", ".json.gz")):
        return None
    return next((source for source in SOURCES if key.startswith(source.folders)), None)


def write(
    spark: SparkSession, source: Source, versions: Sequence[ObjectVersion], path: str
) -> None:
    """Read `versions` once and leave their parsed records at `path`."""
    # Objects fall into partitions by chance: where tasks are many, a long one delays nobody.
    tasks = parallelism(spark) * (1 if is_remote() else _TASKS_PER_CORE)
    rows = pinned(spark, versions, min(len(versions), tasks))
    _save(rows, lambda batches: parse(fetch(batches), source), source, path)


def parse_again(lines: DataFrame, source: Source, path: str) -> None:
    """Leave the parsed records of LINES that the tables still have at `path`."""
    ordered = lines.select(*LINES.names)
    _save(ordered, lambda batches: parse(batches, source), source, path)


def _save(
    rows: DataFrame,
    records: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    source: Source,
    path: str,
) -> None:
    parsed = rows.mapInArrow(records, columns(source))
    parsed.write.mode("overwrite").option("compression", "snappy").parquet(path)


def parallelism(spark: SparkSession) -> int:
    """How many partitions keep the engine busy; over Spark Connect it is on this machine."""
    return (os.cpu_count() or 1) if is_remote() else int(spark.sparkContext.defaultParallelism)


def accounts(
    spark: SparkSession,
    source: Source,
    versions: Sequence[ObjectVersion],
    path: str,
    rules: Sequence[RecordRule] = (),
) -> list[Account]:
    """The account of each version that the stage at `path` holds.

    Raises StageError when a version has not exactly one last row.
    """
    rows = spark.read.parquet(path)
    good = F.size("reasons") == 0
    per_version = rows.groupBy("source_path").agg(
        F.expr("count(error)").alias("ends"),
        F.max("error").alias("error"),
        F.count(F.when(F.col("error").isNull(), 1)).alias("records_read"),
        F.count(F.when(good & F.col("kept"), 1)).alias("kept_rows"),
        F.count(F.when(good & ~F.col("kept"), 1)).alias("ignored"),
        F.count(F.when(F.size("reasons") > 0, 1)).alias("quarantined"),
        F.count("unknown").alias("drifting"),
        *(
            F.count(F.when(good & F.col("kept") & F.expr(rule.broken), 1)).alias(f"rule_{place}")
            for place, rule in enumerate(rules)
        ),
    )
    distinct = (
        rows.where(good & F.col("kept"))
        .select("source_path", *source.key)
        .distinct()
        .groupBy("source_path")
        .agg(F.count(F.lit(1)).alias("kept"))
    )
    found: list[Account] = []
    ends: dict[str, int] = {}
    for row in per_version.join(distinct, "source_path", "left").collect():
        kept = row["kept"] or 0
        ends[row["source_path"]] = row["ends"]
        found.append(
            Account(
                source_path=row["source_path"],
                error=None if row["error"] == OK else row["error"],
                records_read=row["records_read"],
                kept=kept,
                ignored=row["ignored"],
                quarantined=row["quarantined"],
                duplicates=row["kept_rows"] - kept,
                drifting=row["drifting"],
                broken=tuple(row[f"rule_{place}"] for place in range(len(rules))),
            )
        )
    for version in versions:
        if ends.get(version.path) != 1:
            raise StageError(
                f"The stage {path} has {ends.get(version.path, 0)} last rows for {version.path} "
                f"where there must be one. Delete the stage and start the job again."
            )
    return found


def reasons(
    spark: SparkSession, path: str, unusable: Sequence[str], apart: Sequence[str]
) -> dict[str | None, dict[str, int]]:
    """How many records of a stage were refused for each reason, without those of `unusable` paths.

    Those of the paths in `apart` are counted by path, the others together under None.
    """
    of = F.when(F.col("source_path").isin(*apart), F.col("source_path")) if apart else F.lit(None)
    each = bad_records(spark, path, unusable).select(
        of.cast("string").alias("path"), F.explode("reasons").alias("reason")
    )
    counts = each.groupBy("path", "reason").agg(F.count(F.lit(1)).alias("records"))
    found: dict[str | None, dict[str, int]] = {}
    for row in counts.orderBy("path", "reason").collect():
        found.setdefault(row["path"], {})[row["reason"]] = row["records"]
    return found


def usable(spark: SparkSession, path: str, unusable: Sequence[str]) -> DataFrame:
    """All rows of a stage but those of versions that could not be read."""
    return _without(spark.read.parquet(path), unusable)


def good_records(
    spark: SparkSession, source: Source, path: str, refused: Sequence[str]
) -> DataFrame:
    """The kept records of a stage, with their lineage, without those of the refused versions.

    A stage that the release before has left lacks the columns that its contract did not have: they
    are null, as in the rows of that release.
    """
    rows = _without(spark.read.parquet(path), refused)
    known = {*rows.columns}
    added = [
        F.lit(None).cast(SQL_TYPE[field.kind]).alias(field.column)
        for field in source.fields
        if field.column not in known
    ]
    good = rows.where("kept and size(reasons) = 0").select("*", *added)
    return good.drop("error", "kept", "reasons", "unknown", "raw")


def bad_records(spark: SparkSession, path: str, refused: Sequence[str]) -> DataFrame:
    """The quarantined records of a stage: lineage, raw, reasons; without refused versions."""
    rows = _without(spark.read.parquet(path), refused).where("size(reasons) > 0")
    return rows.select(
        "source_path", "source_etag", "source_modified", "record_hash", "raw", "reasons"
    )


def _without(rows: DataFrame, refused: Sequence[str]) -> DataFrame:
    return rows.where(~F.col("source_path").isin(*refused)) if refused else rows
