"""The stage of a batch: what its object versions hold, parsed once, as Parquet.

A stage lies under `<processing>/runs/<batch id>/<source>/`, in the files that its manifest names.
Everything that follows reads these alone, so a crash is repeated from there and no input is read
twice.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses
from pyspark.sql.utils import is_remote

from spark import account, stage_files
from spark.account import Account, Counts, of_version
from spark.contract import SOURCES, Source
from spark.errors import StageError
from spark.parser import columns, parse
from spark.reader import LINES, OK, fetch, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from spark.manifest import Manifest
    from spark.quality import RecordRule
    from spark.storage import ObjectVersion, Storage


_GOOD = "kept and size(reasons) = 0"
"""SQL: whether a row is a record that the tables are made of."""

_TASKS_PER_CORE = 4
"""On Spark, which gives a free core the next task; the embedded engine begins all at once."""


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A stage as it was written."""

    files: dict[str, list[str]]
    """As the manifest names them: see `Manifest.files`."""
    accounts: list[Account]
    """One for each version."""


def folder(processing: str, batch: str, source: Source) -> str:
    """Where the stage of one source lies."""
    return f"{processing}/runs/{batch}/{source.name}"


def files(processing: str, seen: Manifest, source: Source) -> list[str]:
    """The stage of one source in a batch, as what to read."""
    if seen.files is None:  # the release before left all that lies there to be read
        return [folder(processing, seen.batch, source)]
    return seen.files[source.name]


def latest_records(
    spark: SparkSession, processing: str, seen: Manifest, source: Source
) -> DataFrame:
    """Good records among which those are that come last, one or more for each `latest_of`."""
    named = (seen.files or {}).get(_latest(source))
    files_of_latest = named or files(processing, seen, source)
    return good_records(spark, source, files_of_latest, seen.refused)


def _latest(source: Source) -> str:
    """What `Manifest.files` calls the files of the latest records of a source."""
    return f"latest of {source.name}"


def lost(storage: Storage, processing: str, seen: Manifest) -> str | None:
    """The first stage of a batch of which anything is missing, though the batch needs it."""
    for source in SOURCES:
        path = folder(processing, seen.batch, source)
        if not seen.has(source.name):
            continue
        listed = (found.path for found in storage.list(f"{path}/"))
        there = {found for found in listed if found.endswith(".parquet")}
        named = seen.files or {}
        needed = {*named.get(source.name, ()), *named.get(_latest(source), ())}
        if not there or not there.issuperset(needed):
            return path
    return None


def source_of(path: str, landing: str) -> Source | None:
    """The source that an object belongs to by its folder; None for what is no input."""
    key = path.removeprefix(f"{landing}/")
    if not key.endswith((".json", ".json.gz")):
        return None
    return next((source for source in SOURCES if key.startswith(source.folders)), None)


def write(
    spark: SparkSession,
    source: Source,
    versions: Sequence[ObjectVersion],
    path: str,
    rules: Sequence[RecordRule] = (),
) -> Staged:
    """Read `versions` once, leave their parsed records under `path` and count them and `rules`.

    Raises StageError when a version has not exactly one last row.
    """
    # Objects fall into partitions by chance: where tasks are many, a long one delays nobody.
    tasks = parallelism(spark) * (1 if is_remote() else _TASKS_PER_CORE)
    rows = pinned(spark, versions, min(len(versions), tasks))
    most = account.MAX_KEY_BYTES
    return _save(
        rows, lambda batches: parse(fetch(batches), source, rules, most), source, versions, path
    )


def parse_again(
    lines: DataFrame,
    source: Source,
    versions: Sequence[ObjectVersion],
    path: str,
    rules: Sequence[RecordRule] = (),
) -> Staged:
    """Do as `write` does with the LINES of versions that the tables still have."""
    together = lines.select(*LINES.names).repartition("source_path")
    most = account.MAX_KEY_BYTES
    return _save(
        together,
        lambda batches: parse(_ends_last(batches), source, rules, most),
        source,
        versions,
        path,
    )


def _ends_last(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of a partition, last rows after all lines: an engine may drop a sort before it."""
    ends = []
    for batch in batches:
        is_end = batch["error"].is_valid()
        ends.append(batch.filter(is_end))
        yield batch.filter(pc.invert(is_end))
    yield from ends


def _save(
    rows: DataFrame,
    records: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    source: Source,
    versions: Sequence[ObjectVersion],
    path: str,
) -> Staged:
    told = rows.mapInArrow(
        lambda batches: stage_files.write(records(batches), path, source), stage_files.TOLD
    )
    written = stage_files.told(told)
    times = Counter(end.source_path for end in written.ends)
    for version in versions:
        if times[version.path] != 1:
            raise StageError(
                f"The stage {path} has {times[version.path]} last rows for {version.path} "
                f"where there must be one. Delete the stage and start the job again."
            )
    counts = {end.source_path: Counts.told(end.account) for end in written.ends}
    many = [path for path, found in counts.items() if found.keys is None]
    keys = _keys(_read(rows.sparkSession, source, written.files), source, many) if many else {}
    accounts = [
        of_version(
            end.source_path,
            None if end.error == OK else end.error,
            counts[end.source_path],
            keys.get(end.source_path),
        )
        for end in written.ends
    ]
    named = {source.name: written.files}
    if source.latest_of is not None:
        named[_latest(source)] = written.latest
    return Staged(files=named, accounts=accounts)


def parallelism(spark: SparkSession) -> int:
    """How many partitions keep the engine busy; over Spark Connect it is on this machine."""
    return (os.cpu_count() or 1) if is_remote() else int(spark.sparkContext.defaultParallelism)


def _keys(rows: DataFrame, source: Source, paths: Sequence[str]) -> dict[str, int]:
    """How many distinct keys the good records of each of these versions have."""
    good = rows.where(_GOOD).where(F.col("source_path").isin(*paths))
    distinct = good.select("source_path", *source.key).distinct()
    counted = distinct.groupBy("source_path").agg(F.count(F.lit(1)).alias("keys"))
    return {row["source_path"]: row["keys"] for row in counted.collect()}


def usable(
    spark: SparkSession, source: Source, files: Sequence[str], unusable: Sequence[str]
) -> DataFrame:
    """All rows of a stage but those of versions that could not be read."""
    return _without(_read(spark, source, files), unusable)


def good_records(
    spark: SparkSession, source: Source, files: Sequence[str], refused: Sequence[str]
) -> DataFrame:
    """The kept records of a stage, with their lineage, without those of the refused versions."""
    good = _without(_read(spark, source, files), refused).where(_GOOD)
    return good.drop("error", "account", "kept", "reasons", "unknown", "raw")


def bad_records(
    spark: SparkSession, source: Source, files: Sequence[str], refused: Sequence[str]
) -> DataFrame:
    """The quarantined records of a stage: lineage, raw, reasons; without refused versions."""
    rows = _without(_read(spark, source, files), refused).where("size(reasons) > 0")
    return rows.select(
        "source_path", "source_etag", "source_modified", "record_hash", "raw", "reasons"
    )


def _read(spark: SparkSession, source: Source, files: Sequence[str]) -> DataFrame:
    """A stage. Columns that the release which has left it did not have are null, as in its rows."""
    return spark.read.schema(columns(source)).parquet(*files)


def _without(rows: DataFrame, refused: Sequence[str]) -> DataFrame:
    return rows.where(~F.col("source_path").isin(*refused)) if refused else rows
