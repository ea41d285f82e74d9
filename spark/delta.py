"""What the job does to Delta tables: create, read, append, merge; by path, on either engine.

SQL that both engines speak; properties of the tables keep to what Athena and the crawler can read
(no deletion vectors, no column mapping). Every commit looks at the lease first.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from spark.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

    from spark.lease import Lease
    from spark.storage import ObjectVersion, Storage
    from spark.tables import Table

SCHEMA_VERSION = "lakehouse.schemaVersion"
"""The table property that holds a table's schema version."""

_STATISTICS = ("int", "bigint", "timestamp")
"""Types of columns whose bounds go into the log. Doubles stay out: Sail takes the bounds for the
value where both are equal, and reads them one unit in the last place beside it (docs/adr/0014).
Texts stay out but for keys and paths: nothing is looked for by them, they cost time to compare, and
a log that quotes them keeps what a record said for longer than the record itself."""

_VERSION = re.compile(r"/_delta_log/(\d{20})\.(?:json$|checkpoint\.)")
"""What commits and checkpoints are called."""


@dataclass(frozen=True)
class Bronze:
    """The bronze zone as one run writes it: `root` is `s3://bucket[/folder]`."""

    spark: SparkSession
    storage: Storage
    lease: Lease
    root: str
    run_id: str
    steps: Steps = field(default_factory=Steps)
    written: dict[str, set[str]] = field(default_factory=dict)
    """Where in each table this run has written: conditions in which the table is `t`."""
    _filled: set[str] = field(default_factory=set)
    _created: set[str] = field(default_factory=set)
    """Tables that this run has made and not written to."""

    def location(self, table: Table) -> str:
        """Where the table lies."""
        return f"{self.root}/{table.name}"

    def create_missing(self, tables: Sequence[Table]) -> list[Table]:
        """Create each table that does not exist, empty and with its whole schema.

        Returns the tables that were there before.
        """
        with self.steps("create tables"):
            with ThreadPoolExecutor(max_workers=len(tables)) as threads:
                there = dict(zip(tables, threads.map(self.exists, tables), strict=True))
            for table in tables:
                if not there[table]:
                    self._create(table)
                    self._created.add(table.name)
        return [table for table in tables if there[table]]

    def _create(self, table: Table) -> None:
        self.lease.check()
        # S3A makes the log's folder, an empty object, before the first commit. Where a run died in
        # between, Delta would refuse the location for ever as one that is not empty.
        lies_there = self.storage.list(f"{self.location(table)}/")
        self.storage.delete(
            [found.path for found in lies_there if found.size == 0 and found.path.endswith("/")]
        )
        partitions = ", ".join(table.partitioned_by)
        # The session's own catalog wants a name; the location is what lasts.
        name = f"{table.name}_{uuid4().hex}"
        self.spark.sql(
            f"CREATE TABLE {name} ({table.ddl}) USING delta "
            f"{f'PARTITIONED BY ({partitions}) ' if partitions else ''}"
            f"LOCATION '{self.location(table)}' "
            f"TBLPROPERTIES ('{SCHEMA_VERSION}' = '{table.schema_version}', "
            f"'delta.enableDeletionVectors' = 'false', "
            f"'delta.dataSkippingStatsColumns' = '{','.join(_with_statistics(table))}')"
        ).collect()

    def exists(self, table: Table) -> bool:
        """Whether the table was ever created: commits and checkpoints begin with their number.

        S3A leaves the bare folder in S3 before the first commit, and so does a run killed then.
        """
        return self.storage.exists_under(f"{self.location(table)}/_delta_log/0")

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.read.format("delta").load(self.location(table))

    def version(self, table: Table) -> int:
        """The number of the table's newest version, -1 where there is none."""
        numbers = (_VERSION.search(found.path) for found in self.log(table))
        return max((int(number[1]) for number in numbers if number), default=-1)

    def log(self, table: Table) -> list[ObjectVersion]:
        """The commits and checkpoints of the table since its last checkpoint, that included."""
        log = f"{self.location(table)}/_delta_log/"
        checkpoint = self.storage.read_json(f"{log}_last_checkpoint")
        behind = -1 if checkpoint is None else int(checkpoint["version"])
        there = self.storage.list(log, after=f"{log}{behind:020d}")
        return [found for found in there if _VERSION.search(found.path)]

    def is_empty(self, table: Table) -> bool:
        """Whether the table has no row, told without a query where its log says enough.

        One that has more than its first commit counts as filled: merging is right there in any
        case, and to ask would cost every run a query a table.
        """
        if table.name in self._created:
            return True
        if table.name not in self._filled and (
            self.version(table) > 0 or self.read(table).select(table.key[0]).take(1)
        ):
            self._filled.add(table.name)
        return table.name not in self._filled

    def append(self, table: Table, rows: DataFrame, *, where: str = "true") -> None:
        """Add rows whose keys are known not to be in the table; `where` holds for all of them."""
        self.lease.check()
        self._created.discard(table.name)
        self.written.setdefault(table.name, set()).add(where)
        writer = rows.select(*table.column_names).write.format("delta").mode("append")
        with self.steps(f"write {table.name}"):
            writer.option("userMetadata", self.run_id).save(self.location(table))

    def delete(self, table: Table, keys: DataFrame) -> None:
        """Delete the rows of these keys; `keys` has each key at most once."""
        self.lease.check()
        same = " AND ".join(f"t.{name} = s.{name}" for name in table.key)
        keys.select(*table.key).createOrReplaceTempView("delete_source")
        self.spark.sql(
            f"MERGE INTO delta.`{self.location(table)}` AS t USING delete_source AS s "
            f"ON {same} WHEN MATCHED THEN DELETE"
        ).collect()

    def merge(
        self, table: Table, rows: DataFrame, *, update_when: str | None, only: str = "true"
    ) -> None:
        """Insert the rows whose keys are new; update those for which `update_when` holds.

        `rows` has each key at most once. In `update_when` and `only` the table is `t`, the rows are
        `s`; `only` narrows what of the table is looked at (literal partitions). Without
        `update_when` a known key stays as it is.
        """
        self.lease.check()
        self._created.discard(table.name)
        self.written.setdefault(table.name, set()).add(only)
        keys = " AND ".join(f"t.{name} = s.{name}" for name in table.key)
        update = f"WHEN MATCHED AND ({update_when}) THEN UPDATE SET * " if update_when else ""
        rows.select(*table.column_names).createOrReplaceTempView("merge_source")
        with self.steps(f"write {table.name}"):
            self.spark.sql(
                f"MERGE INTO delta.`{self.location(table)}` AS t USING merge_source AS s "
                f"ON {keys} AND {only} {update}WHEN NOT MATCHED THEN INSERT *"
            ).collect()

    def add(
        self, table: Table, rows: DataFrame, *, update_when: str | None, where: str = "true"
    ) -> None:
        """Append rows when the table `knows` none of their keys, as it mostly is; else merge them.

        A MERGE reads and writes anew every file that it may touch; an append writes the rows alone.
        The rest is as in `merge`, which sees the rows a second time.
        """
        if self.knows(table, rows, where=where):
            self.merge(table, rows, update_when=update_when, only=where)
        else:
            self.append(table, rows, where=where)

    def knows(self, table: Table, rows: DataFrame, *, where: str = "true") -> bool:
        """Whether the table has a key of `rows`.

        `where` holds for every row of the table that may have one: it narrows what is looked at, by
        literals.
        """
        if self.is_empty(table):
            return False
        keys = [*table.key]
        with self.steps(f"look for keys in {table.name}"):
            current = self.read(table).alias("t").where(where).select(*keys)
            return current.join(rows.select(*keys), keys, "left_semi").limit(1).count() > 0


def _with_statistics(table: Table) -> list[str]:
    """The columns by which files may be skipped; partition columns are known without."""
    return [
        name
        for name, kind in table.columns
        if (kind in _STATISTICS or name in table.key or name == "source_path")
        and name not in table.partitioned_by
    ]
