"""Query executions: they run on the catalog's Delta tables, and their results are Athena's."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import write_deltalake

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.process import Server

AT = dt.datetime(2018, 11, 1, 21, 1, 46, 796000, tzinfo=dt.UTC)
LONG = "SELECT count(*) FROM plays a, plays b, plays c, plays d, plays e, plays f, plays g, plays h"


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


@pytest.fixture(scope="module")
def athena(server: Server, client: Callable[[str], Any]) -> Athena:
    """Return a workgroup and a database with crawled tables, on the shared server."""
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


def test_result_object_is_written_as_athena_writes_it(athena: Athena) -> None:
    """Every value is quoted, NULL is left empty, and types are printed as Athena prints them."""
    execution = athena.run("SELECT * FROM plays ORDER BY songid")
    assert athena.object(execution) == (
        '"songid","title","length","at","price","tags","place","year"\n'
        '"s1","Über","3.5","2018-11-01 21:01:46.796","1.50","[a, b]","{x=1.0, y=null}","2018"\n'
        '"s2","say ""hi"", you","1.0E10",,,"[]",,"2018"\n'
        ',"",,"2018-11-01 21:01:46.796","0.05",,"{x=2.0, y=z}","2019"\n'
    )
    query = execution["QueryExecutionId"]
    place = f"s3://{athena.bucket}/results/{query}.csv"
    assert execution["ResultConfiguration"]["OutputLocation"] == place


def test_columns_are_described_with_athenas_types(athena: Athena) -> None:
    """ColumnInfo names each type as Athena does."""
    query = athena.run("SELECT *, count(*) OVER () AS c, at IS NULL AS b, date(at) FROM plays")[
        "QueryExecutionId"
    ]
    result = athena.api.get_query_results(QueryExecutionId=query)
    described = result["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert {column["Name"]: column["Type"] for column in described} == {
        "songid": "varchar",
        "title": "varchar",
        "length": "double",
        "at": "timestamp",
        "price": "decimal",
        "tags": "array",
        "place": "row",
        "year": "integer",
        "c": "bigint",
        "b": "boolean",
        "_col10": "date",
    }


def test_tables_are_joined_and_filtered(athena: Athena) -> None:
    """Joins, aliases, qualified names and names of any case work as in Athena."""
    sql = f"""
        SELECT p.Title AS t, n.n FROM {athena.database}.plays p
        INNER JOIN "awsdatacatalog"."{athena.database}"."time" n ON n.n = p.YEAR - 2017
        WHERE p.year = 2018 AND p.at >= timestamp '2018-11-01 21:01:46' ORDER BY 1
    """  # noqa: S608 - the name is the test's own
    assert athena.rows(sql) == [["t", "n"], ["Über", "1"]]


def test_results_come_in_pages(athena: Athena) -> None:
    """The header is the first row of the first page, and the pages make up the whole."""
    query = athena.run("SELECT n FROM time ORDER BY n")["QueryExecutionId"]
    pages = athena.api.get_paginator("get_query_results").paginate(
        QueryExecutionId=query, PaginationConfig={"PageSize": 40}
    )
    sizes, cells = [], []
    for page in pages:
        rows = page["ResultSet"]["Rows"]
        sizes.append(len(rows))
        cells += [row["Data"][0]["VarCharValue"] for row in rows]
    assert sizes == [40, 40, 21]
    assert cells == ["n", *map(str, range(1, 101))]


def test_statistics_count_the_bytes_that_were_read(athena: Athena) -> None:
    """A narrow query reads less than a wide one, and a query without tables nothing."""
    wide, narrow, none = (
        athena.run(sql)["Statistics"]
        for sql in ("SELECT max(text) FROM time", "SELECT max(n) FROM time", "SELECT 1")
    )
    assert wide["DataScannedInBytes"] > narrow["DataScannedInBytes"] > 0
    assert none["DataScannedInBytes"] == 0
    assert wide["TotalExecutionTimeInMillis"] >= wide["EngineExecutionTimeInMillis"] > 0


def test_scan_limit_cancels_the_query(athena: Athena) -> None:
    """A query that reads more than its workgroup allows is CANCELLED with the reason."""
    group = workgroup(
        athena,
        ResultConfiguration={"OutputLocation": f"s3://{athena.bucket}/limited/"},
        BytesScannedCutoffPerQuery=10_000_000,
    )
    big = pa.table({"n": pa.array([hash((i, "salt")) for i in range(2_000_000)])})
    storage = {
        "AWS_ENDPOINT_URL": athena.api.meta.endpoint_url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
    }
    location = f"s3://{athena.bucket}/big"
    write_deltalake(location, big, storage_options=storage)
    table = {
        "Name": "big",
        "Parameters": {"table_type": "delta"},
        "StorageDescriptor": {
            "Location": location,
            "Columns": [{"Name": "n", "Type": "bigint"}],
        },
    }
    athena.glue.create_table(DatabaseName=athena.database, TableInput=table)
    status = athena.run("SELECT sum(n % 7) FROM big", WorkGroup=group)["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )


def test_stop_really_stops_the_query(athena: Athena) -> None:
    """A stopped query is CANCELLED, writes no result, and makes room for others."""
    long = LONG.replace("plays", "time")
    queries = [athena.start(long) for _ in range(5)]
    assert athena.state(queries[-1])["Status"]["State"] == "QUEUED"
    with pytest.raises(athena.api.exceptions.InvalidRequestException, match="not yet finished"):
        athena.api.get_query_results(QueryExecutionId=queries[0])
    for query in queries:
        athena.api.stop_query_execution(QueryExecutionId=query)
    assert {athena.wait(query)["Status"]["State"] for query in queries} == {"CANCELLED"}
    assert athena.rows("SELECT 1 AS one") == [["one"], ["1"]]
    found = athena.s3.list_objects_v2(Bucket=athena.bucket, Prefix=f"results/{queries[0]}")
    assert found["KeyCount"] == 0


def test_enforced_workgroup_overrides_the_client(athena: Athena) -> None:
    """The workgroup's output location wins when enforced, and the client's when not."""
    mine = {"OutputLocation": f"s3://{athena.bucket}/mine"}
    results = {"OutputLocation": f"s3://{athena.bucket}/group/"}
    free = workgroup(athena, ResultConfiguration=results, EnforceWorkGroupConfiguration=False)
    enforced = athena.run("SELECT 1", ResultConfiguration=mine)
    chosen = athena.run("SELECT 1", ResultConfiguration=mine, WorkGroup=free)
    places = [run["ResultConfiguration"]["OutputLocation"] for run in (enforced, chosen)]
    assert places[0].startswith(f"s3://{athena.bucket}/results/")
    assert places[1].startswith(f"s3://{athena.bucket}/mine/")


@pytest.mark.parametrize(
    ("sql", "given", "message"),
    [
        ("SELECT 1", {"WorkGroup": "absent"}, "WorkGroup absent is not found"),
        ("SELECT 1", {"WorkGroup": "primary"}, "No output location provided"),
        ("SELCT 1", {}, "mismatched input 'SELCT'"),
        ("SELECT 1; SELECT 2", {}, "Only one sql statement is allowed"),
        ("SELECT ?", {"ExecutionParameters": ["1"]}, "ExecutionParameters"),
    ],
)
def test_bad_request_is_refused_at_once(
    athena: Athena, sql: str, given: dict[str, Any], message: str
) -> None:
    """What Athena refuses before it makes an execution is an InvalidRequestException."""
    with pytest.raises(athena.api.exceptions.InvalidRequestException, match=message):
        athena.start(sql, **given)


def test_unknown_execution_is_refused(athena: Athena) -> None:
    """An id that was never given out is an InvalidRequestException."""
    with pytest.raises(athena.api.exceptions.InvalidRequestException, match="was not found"):
        athena.state("absent")


def test_token_makes_the_start_idempotent(athena: Athena) -> None:
    """The same token and parameters give the same execution; other parameters are refused."""
    token = uuid4().hex
    first = athena.start("SELECT 1", ClientRequestToken=token)
    assert athena.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(athena.api.exceptions.InvalidRequestException, match="Idempotent"):
        athena.start("SELECT 2", ClientRequestToken=token)


def test_executions_are_listed_newest_first(athena: Athena) -> None:
    """ListQueryExecutions pages through a workgroup, BatchGetQueryExecution tells of each."""
    results = {"OutputLocation": f"s3://{athena.bucket}/listed/"}
    group = workgroup(athena, ResultConfiguration=results)
    ids = [athena.run(f"SELECT {n}", WorkGroup=group)["QueryExecutionId"] for n in range(3)]
    pages = athena.api.get_paginator("list_query_executions").paginate(
        WorkGroup=group, PaginationConfig={"PageSize": 2}
    )
    assert [query for page in pages for query in page["QueryExecutionIds"]] == ids[::-1]
    batch = athena.api.batch_get_query_execution(QueryExecutionIds=[ids[0], "absent"])
    assert batch["QueryExecutions"][0]["Query"] == "SELECT 0"
    assert batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"] == "absent"


def test_failures_name_what_is_wrong(athena: Athena) -> None:
    """Tables and columns that do not exist, and statements that do not run, are told by name."""
    missing = f"TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{athena.database}.nope'"
    assert missing in athena.reason("SELECT * FROM nope")
    assert "COLUMN_NOT_FOUND: line 1:8: Column 'nope'" in athena.reason("SELECT nope FROM plays")
    assert "does not support INSERT" in athena.reason("INSERT INTO plays VALUES (1)")


def test_table_that_is_not_delta_is_refused(athena: Athena) -> None:
    """Only Delta tables are queried; another says so."""
    columns = [{"Name": "n", "Type": "bigint"}]
    place = {"Location": f"s3://{athena.bucket}/csv", "Columns": columns}
    athena.glue.create_table(
        DatabaseName=athena.database, TableInput={"Name": "csv", "StorageDescriptor": place}
    )
    assert "native Delta tables only" in athena.reason("SELECT * FROM csv")


def test_catalog_that_differs_from_the_log_is_told(athena: Athena) -> None:
    """A table whose columns in the catalog are not those of its log fails, with their names."""
    stale = {
        "Name": "stale",
        "Parameters": {"spark.sql.sources.provider": "DELTA"},
        "StorageDescriptor": {
            "Location": f"s3://{athena.bucket}/time",
            "Columns": [{"Name": "n", "Type": "string"}, {"Name": "text", "Type": "string"}],
        },
    }
    athena.glue.create_table(DatabaseName=athena.database, TableInput=stale)
    assert "differ in n: run the crawler again" in athena.reason("SELECT * FROM stale")


def test_catalog_statements_answer_from_the_catalog(athena: Athena) -> None:
    """SHOW and DESCRIBE list what the catalog holds, without a header row."""
    assert ["plays"] in athena.rows("SHOW TABLES")
    assert athena.rows(f"SHOW TABLES IN {athena.database} 'tim*'") == [["time"]]
    assert [athena.database] in athena.rows("SHOW DATABASES")
    assert athena.rows("SHOW COLUMNS IN time") == [["n"], ["text"]]
    described = athena.rows(f"DESCRIBE {athena.database}.plays")
    assert described[0] == ["songid              \tstring              \t                    "]
    assert ["# Partition Information\t \t "] in described
    assert "TABLE_NOT_FOUND" in athena.reason("DESCRIBE nope")
    assert "does not support this statement" in athena.reason("SHOW CREATE TABLE plays")


def test_removed_result_is_told(athena: Athena) -> None:
    """Results live in S3: once removed there, they cannot be fetched."""
    query = athena.run("SELECT 1")["QueryExecutionId"]
    athena.s3.delete_object(Bucket=athena.bucket, Key=f"results/{query}.csv")
    with pytest.raises(athena.api.exceptions.InvalidRequestException, match="Could not find"):
        athena.api.get_query_results(QueryExecutionId=query)


def test_result_bucket_must_exist(athena: Athena) -> None:
    """A query whose results have nowhere to go fails with the bucket's name."""
    group = workgroup(athena, ResultConfiguration={"OutputLocation": "s3://no-such-bucket/r/"})
    status = athena.run("SELECT 1", WorkGroup=group)["Status"]
    assert (status["State"], "no-such-bucket" in status["StateChangeReason"]) == ("FAILED", True)
