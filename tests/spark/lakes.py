"""A small lake: three zones on localaws, the job run in them, and what its tables say."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark.delta import Bronze
from spark.job import main
from spark.storage import Storage, client
from tests.spark.comparison import Content, table_content
from tests.spark.dated_localaws import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import DataFrame, Row, SparkSession

    from spark.tables import Table

OF_THE_RUN = frozenset({"run_id", "batch", "ingested_at", "quarantined_at", "attempts"})
"""Columns that tell when and by whom a row was written, not what it says."""


class AnyLease:
    """A lease that is always ours."""

    def check(self) -> None:
        """Look at nothing."""


class Lake:
    """Three empty zones, and what a test does with them."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.s3 = client()
        self.storage = Storage(self.s3)
        name = uuid4().hex[:12]
        self.landing, self.bronze, self.processing = (
            f"s3://{zone}-{name}" for zone in ("landing", "bronze", "processing")
        )
        for zone in (self.landing, self.bronze, self.processing):
            self.s3.create_bucket(Bucket=zone.removeprefix("s3://"))
        self.runs = 0

    def put(
        self, key: str, body: bytes | str | Iterable[dict[str, Any]], modified: int | None = None
    ) -> str:
        """Land an object: bytes, text, or records as newline-delimited JSON. Returns its path.

        `modified`, in seconds since 1970, is its time of modification instead of now.
        """
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = "\n".join(json.dumps(record) for record in body).encode()
        self.s3.put_object(
            Bucket=self.landing.removeprefix("s3://"),
            Key=key,
            Body=body,
            Metadata={} if modified is None else {METADATA: str(modified)},
        )
        return f"{self.landing}/{key}"

    def put_in_bronze(self, key: str, body: bytes) -> None:
        """Leave an object in the bronze zone, as a writer that died would."""
        self.s3.put_object(Bucket=self.bronze.removeprefix("s3://"), Key=key, Body=body)

    def bronze_zone(self) -> Bronze:
        """The bronze zone, for a test that writes it without the job."""
        lease: Any = AnyLease()
        return Bronze(self.spark, self.storage, lease, self.bronze, "test")

    def run(self, **arguments: object) -> dict[str, Any]:
        """Run the job as Glue would call it; its report. A failure raises AssertionError."""
        self.runs += 1
        run_id = f"run-{self.runs}"
        assert main(self.arguments(run_id, **arguments)) == 0
        report = self.storage.read_json(f"{self.processing}/reports/{run_id}.json")
        assert isinstance(report, dict)
        return report

    def arguments(self, run_id: str, **arguments: object) -> list[str]:
        """What the job is started with, to work in this lake."""
        given = {"run_id": run_id, "landing": self.landing, "bronze": self.bronze}
        given |= {"processing": self.processing} | {n: str(v) for n, v in arguments.items()}
        return [word for name, value in given.items() for word in (f"--{name}", value)]

    def read(self, table: Table) -> DataFrame:
        """The table as it is now."""
        return self.spark.read.format("delta").load(f"{self.bronze}/{table.name}")

    def rows(self, table: Table) -> list[Row]:
        """The table's rows, ordered by key."""
        return self.read(table).orderBy(*table.key).collect()

    def says(
        self, tables: Iterable[Table], without: frozenset[str] = OF_THE_RUN
    ) -> dict[str, list[dict[str, Any]]]:
        """What each table says, the same on every engine: rows by key, timestamps in microseconds.

        Columns named in `without` are left out, and so is the name of this very lake.
        """
        return {table.name: self._says(table, without) for table in tables}

    def content(self, tables: Iterable[Table], without: Iterable[str] = OF_THE_RUN) -> Content:
        """What each table says, leaving out when and by which run it was written."""
        names = {self.landing: "landing"}
        return Content(
            (table.name, table_content(self.read(table), table.key, without, names))
            for table in tables
        )

    def _says(self, table: Table, without: frozenset[str]) -> list[dict[str, Any]]:
        columns = [
            F.expr(f"unix_micros(`{name}`)").alias(name) if kind == "timestamp" else F.col(name)
            for name, kind in table.columns
            if name not in without
        ]
        rows = [row.asDict() for row in self.read(table).select(*columns).collect()]
        for row in rows:
            if "source_path" in row:
                row["source_path"] = row["source_path"].replace(self.landing, "landing")
        return sorted(rows, key=lambda row: [str(row.get(name)) for name in table.key])


def digest(rows: list[dict[str, Any]]) -> str:
    """A hash of rows that is another one when any value, or its type, is another one."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
