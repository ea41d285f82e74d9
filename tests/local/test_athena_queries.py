"""Query executions: they run on the catalog's Delta tables, and end or are refused as Athena's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.local.athena_workgroup import workgroup

if TYPE_CHECKING:
    from tests.local.athena_workgroup import Athena

LONG = "SELECT count(*) FROM plays a, plays b, plays c, plays d, plays e, plays f, plays g, plays h"


def test_tables_are_joined_and_filtered(athena: Athena) -> None:
    """Joins, aliases, qualified names and names of any case work as in Athena."""
    sql = f"""
        SELECT p.Title AS t, n.n FROM {athena.database}.plays p
        INNER JOIN "awsdatacatalog"."{athena.database}"."time" n ON n.n = p.YEAR - 2017
        WHERE p.year = 2018 AND p.at >= timestamp '2018-11-01 21:01:46' ORDER BY 1
    """  # noqa: S608 - the name is the test's own
    assert athena.rows(sql) == [["t", "n"], ["Über", "1"]]


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
