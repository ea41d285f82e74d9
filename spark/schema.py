"""The tables' schemas as this release knows them: created, migrated or refused before any merge.

Each table carries its schema version as a property. A release that adds or widens a column raises
`schema_version` in `spark.tables`, and its first run brings each older table up to it. The version
is written last, so a migration that was interrupted is finished by the next run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark.care import care_of
from spark.delta import SCHEMA_VERSION
from spark.errors import SchemaError
from spark.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spark.care import Care
    from spark.delta import Bronze
    from spark.tables import Table

_WIDENINGS = {
    ("tinyint", "smallint"),
    ("tinyint", "int"),
    ("tinyint", "bigint"),
    ("smallint", "int"),
    ("smallint", "bigint"),
    ("int", "bigint"),
    ("float", "double"),
    ("int", "double"),
}
"""Changes of type that keep every value as it is; (from, to)."""


def prepare(bronze: Bronze, tables: Sequence[Table] = TABLES) -> None:
    """Make sure that every table exists and has this release's schema.

    Raises SchemaError, before it changes any table, when one of them is of a newer release, or when
    a migration is not one that keeps every value.
    """
    there = bronze.create_missing(tables)
    care = care_of(bronze)
    with ThreadPoolExecutor(max_workers=len(tables)) as threads:
        found = threads.map(lambda table: _version(bronze, care, table), there)
    older = [table for table, version in zip(there, found, strict=True) if version is not None]
    plans = [(table, *_plan(bronze, care, table)) for table in older]
    for table, added, widened in plans:
        print(  # noqa: T201 # the job's log
            f"migrating {table.name} to schema version {table.schema_version}: "
            f"{len(added)} columns added, {len(widened)} widened"
        )
        if added:
            bronze.lease.check()
            care.add_columns(bronze.location(table), added)
        if widened:
            _rewrite(bronze, table)
        bronze.lease.check()
        care.set_properties(bronze.location(table), {SCHEMA_VERSION: str(table.schema_version)})


def _version(bronze: Bronze, care: Care, table: Table) -> int | None:
    """The table's version where it is older than this release's, else None."""
    location = bronze.location(table)
    text = care.properties(location).get(SCHEMA_VERSION, "0")
    version = int(text) if text.isdecimal() else -1
    if not 0 <= version <= table.schema_version:
        raise SchemaError(
            f"The table {table.name} ({location}) has schema version {text}, and this release of "
            f"the job knows versions up to {table.schema_version}. Deploy the release that wrote "
            f"it, or a later one; nothing was changed."
        )
    return version if version < table.schema_version else None


def _plan(
    bronze: Bronze, care: Care, table: Table
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The columns to add and those to widen."""
    known = care.columns(bronze.location(table))
    added = [(name, kind) for name, kind in table.columns if name not in known]
    other = [(n, kind) for n, kind in table.columns if n in known and known[n] != kind]
    refused = [f"{n} from {known[n]} to {k}" for n, k in other if (known[n], k) not in _WIDENINGS]
    refused += [
        f"{n}, which is not a column any more" for n in known.keys() - {*table.column_names}
    ]
    if refused:
        raise SchemaError(
            f"The table {table.name} ({bronze.location(table)}) cannot be migrated to schema "
            f"version {table.schema_version}: {'; '.join(sorted(refused))}. A migration adds or "
            f"widens columns; deploy the release that wrote the table. Nothing was changed."
        )
    return added, other


def _rewrite(bronze: Bronze, table: Table) -> None:
    """Write the whole table with its columns' types, in one commit.

    Delta could widen in place, by a table feature that neither Athena nor the embedded engine
    reads.
    """
    bronze.lease.check()
    rows = bronze.read(table).select(*(F.col(n).cast(kind).alias(n) for n, kind in table.columns))
    writer = rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    writer.partitionBy(*table.partitioned_by).option("userMetadata", bronze.run_id).save(
        bronze.location(table)
    )
