"""What a query leaves: an object as Athena writes it, described and in pages, at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.athena_workgroup import workgroup

if TYPE_CHECKING:
    from tests.local.athena_workgroup import Athena


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
