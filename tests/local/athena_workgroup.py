"""A workgroup of Athena with a database of two crawled tables, and its queries."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
from deltalake import write_deltalake

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.process import Server

AT = dt.datetime(2018, 11, 1, 21, 1, 46, 796000, tzinfo=dt.UTC)
PLAYS = pa.table(
    {
        "SongId": ["s1", "s2", None],
        "title": ["Über", 'say "hi", you', ""],
        "length": [3.5, 1e10, None],
        "at": pa.array([AT, None, AT], pa.timestamp("us", tz="UTC")),
        "price": pa.array([Decimal("1.50"), None, Decimal("0.05")], pa.decimal128(6, 2)),
        "tags": [["a", "b"], [], None],
        "place": pa.array(
            [{"x": 1.0, "y": None}, None, {"x": 2.0, "y": "z"}],
            pa.struct([("x", pa.float64()), ("y", pa.string())]),
        ),
        "year": pa.array([2018, 2018, 2019], pa.int32()),
    }
)
NUMBERS = pa.table({"n": pa.array(range(1, 101)), "text": [uuid4().hex * 9 for _ in range(100)]})


@dataclass
class Athena:
    """An Athena client with a workgroup and a database that holds two tables."""

    api: Any
    glue: Any
    s3: Any
    bucket: str
    database: str
    workgroup: str

    def start(self, sql: str, **given: Any) -> str:
        """Start a query and return its id."""
        context = {"Database": self.database, "Catalog": "AwsDataCatalog"}
        parameters = {"QueryExecutionContext": context, "WorkGroup": self.workgroup, **given}
        query: str = self.api.start_query_execution(QueryString=sql, **parameters)[
            "QueryExecutionId"
        ]
        return query

    def state(self, query: str) -> dict[str, Any]:
        """Return the QueryExecution structure."""
        execution: dict[str, Any] = self.api.get_query_execution(QueryExecutionId=query)[
            "QueryExecution"
        ]
        return execution

    def wait(self, query: str) -> dict[str, Any]:
        """Poll until the query has ended."""
        deadline = time.monotonic() + 60
        while (execution := self.state(query))["Status"]["State"] in {"QUEUED", "RUNNING"}:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return execution

    def run(self, sql: str, **given: Any) -> dict[str, Any]:
        """Run a query to its end."""
        return self.wait(self.start(sql, **given))

    def rows(self, sql: str) -> list[list[str | None]]:
        """Return the rows of a query that succeeds, the header among them."""
        execution = self.run(sql)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        result = self.api.get_query_results(QueryExecutionId=execution["QueryExecutionId"])
        return [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for row in result["ResultSet"]["Rows"]
        ]

    def reason(self, sql: str) -> str:
        """Return why a query fails."""
        status = self.run(sql)["Status"]
        assert status["State"] == "FAILED", status
        assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
        return str(status["StateChangeReason"])

    def object(self, execution: dict[str, Any]) -> str:
        """Return the text of the result object."""
        bucket, _, key = (
            execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        )
        text: str = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        return text


def athena_on(server: Server, client: Callable[[str], Any]) -> Athena:
    """Return a workgroup and a database with crawled tables, on the server."""
    glue, s3, api = client("glue"), client("s3"), client("athena")
    bucket, database = f"lake-{uuid4().hex}", f"db_{uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    storage = server.environment()
    write_deltalake(f"s3://{bucket}/plays", PLAYS, storage_options=storage, partition_by=["year"])
    write_deltalake(f"s3://{bucket}/time", NUMBERS, storage_options=storage)
    glue.create_database(DatabaseInput={"Name": database})
    target = {
        "DeltaTables": [f"s3://{bucket}/plays", f"s3://{bucket}/time"],
        "WriteManifest": False,
        "CreateNativeDeltaTable": True,
    }
    crawler = f"crawler-{uuid4().hex}"
    glue.create_crawler(
        Name=crawler, Role="r", DatabaseName=database, Targets={"DeltaTargets": [target]}
    )
    glue.start_crawler(Name=crawler)
    while glue.get_crawler(Name=crawler)["Crawler"]["State"] != "READY":
        time.sleep(0.02)
    workgroup = f"group-{uuid4().hex}"
    results = {"OutputLocation": f"s3://{bucket}/results/"}
    api.create_work_group(Name=workgroup, Configuration={"ResultConfiguration": results})
    return Athena(api, glue, s3, bucket, database, workgroup)


def workgroup(athena: Athena, **configuration: Any) -> str:
    """Return the name of a new workgroup."""
    name = f"group-{uuid4().hex}"
    athena.api.create_work_group(Name=name, Configuration=configuration)
    return name
