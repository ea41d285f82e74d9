"""Crawlers: the catalog says what the Delta logs say, and a crawl's end is told honestly."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.process import Server


@dataclass
class Lake:
    """A bucket for Delta tables, a catalog database, and crawlers over them."""

    glue: Any
    s3: Any
    logs: Any
    bucket: str
    database: str
    storage: dict[str, str]

    def write(self, name: str, table: pa.Table, **options: Any) -> str:
        """Write a Delta table and return its location."""
        location = f"s3://{self.bucket}/{name}"
        write_deltalake(location, table, storage_options=self.storage, **options)
        return location

    def crawler(self, *locations: str, **settings: Any) -> str:
        """Return the name of a new crawler of native Delta targets."""
        name = f"crawler-{uuid4().hex}"
        target = {
            "DeltaTables": list(locations),
            "WriteManifest": False,
            "CreateNativeDeltaTable": True,
        }
        given = {
            "Role": "arn:aws:iam::123456789012:role/crawler",
            "DatabaseName": self.database,
            "Targets": {"DeltaTargets": [target]},
            **settings,
        }
        self.glue.create_crawler(Name=name, **given)
        return name

    def crawl(self, name: str) -> dict[str, Any]:
        """Run the crawler to its end and return its LastCrawl."""
        self.glue.start_crawler(Name=name)
        deadline = time.monotonic() + 60
        while (crawler := self.glue.get_crawler(Name=name)["Crawler"])["State"] != "READY":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        last: dict[str, Any] = crawler["LastCrawl"]
        return last

    def table(self, name: str) -> dict[str, Any]:
        """Return the table as the catalog has it."""
        found: dict[str, Any] = self.glue.get_table(DatabaseName=self.database, Name=name)["Table"]
        return found

    def columns(self, name: str) -> dict[str, str]:
        """Return the catalog's column names and types."""
        described = self.table(name)["StorageDescriptor"]["Columns"]
        return {column["Name"]: column["Type"] for column in described}


@pytest.fixture
def lake(server: Server, client: Callable[[str], Any], bucket: str) -> Lake:
    """Return an empty lake on the shared server."""
    database = f"db_{uuid4().hex}"
    client("glue").create_database(DatabaseInput={"Name": database})
    return Lake(
        client("glue"), client("s3"), client("logs"), bucket, database, server.environment()
    )


ROWS = pa.table({"Id": pa.array([1, 2], pa.int64()), "name": pa.array(["a", "b"])})


def test_every_delta_type_gets_its_hive_name(lake: Lake) -> None:
    """Primitive and nested types of a Delta log appear in the catalog as Hive spells them."""
    stamp = pa.timestamp("us", tz="UTC")
    point = pa.struct([("x", pa.float64()), ("tags", pa.list_(pa.string()))])
    types = {
        "Text": (pa.string(), "string"),
        "big": (pa.int64(), "bigint"),
        "middle": (pa.int32(), "int"),
        "small": (pa.int16(), "smallint"),
        "tiny": (pa.int8(), "tinyint"),
        "single": (pa.float32(), "float"),
        "twice": (pa.float64(), "double"),
        "flag": (pa.bool_(), "boolean"),
        "raw": (pa.binary(), "binary"),
        "day": (pa.date32(), "date"),
        "at": (stamp, "timestamp"),
        "wall": (pa.timestamp("us"), "timestamp"),
        "price": (pa.decimal128(12, 3), "decimal(12,3)"),
        "list": (pa.list_(pa.int32()), "array<int>"),
        "point": (point, "struct<x:double,tags:array<string>>"),
        "counts": (pa.map_(pa.string(), pa.int64()), "map<string,bigint>"),
    }
    schema = pa.schema([(name, kind) for name, (kind, _) in types.items()])
    location = lake.write("All-Types", schema.empty_table())
    assert lake.crawl(lake.crawler(location))["Status"] == "SUCCEEDED"
    expected = {name.lower(): hive for name, (_, hive) in types.items()}
    assert lake.columns("all_types") == expected


def test_table_is_described_as_a_native_delta_table(lake: Lake) -> None:
    """Location, partition keys and parameters let Athena and Spark recognise the table."""
    location = lake.write(
        "plays", ROWS.append_column("year", pa.array([2018, 2019])), partition_by=["year"]
    )
    crawler = lake.crawler(location, TablePrefix="bronze_")
    lake.crawl(crawler)
    table = lake.table("bronze_plays")
    assert list(lake.columns("bronze_plays")) == ["id", "name"]
    assert table["PartitionKeys"] == [{"Name": "year", "Type": "bigint"}]
    assert table["StorageDescriptor"]["Location"] == location
    assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["path"] == location
    assert table["TableType"] == "EXTERNAL_TABLE"
    expected = {
        "EXTERNAL": "TRUE",
        "table_type": "delta",
        "classification": "delta",
        "spark.sql.sources.provider": "delta",
        "UPDATED_BY_CRAWLER": crawler,
        "delta.lastUpdateVersion": "0",
    }
    assert expected.items() <= table["Parameters"].items()
    assert abs(int(table["Parameters"]["delta.lastCommitTimestamp"]) / 1000 - time.time()) < 600


def test_next_crawl_updates_what_changed_and_nothing_else(lake: Lake) -> None:
    """A new column makes a new version of its table; an unchanged table keeps its version."""
    changed, same = lake.write("changed", ROWS), lake.write("same", ROWS)
    crawler = lake.crawler(changed, same)
    lake.crawl(crawler)
    wider = ROWS.append_column("price", pa.array([Decimal("1.50"), None]))
    lake.write("changed", wider, mode="append", schema_mode="merge")
    lake.crawl(crawler)
    assert lake.columns("changed")["price"] == "decimal(3,2)"
    assert lake.table("changed")["VersionId"] == "2"
    assert lake.table("same")["VersionId"] == "1"
    metrics = lake.glue.get_crawler_metrics(CrawlerNameList=[crawler])["CrawlerMetricsList"][0]
    counts = [metrics[f"Tables{action}"] for action in ("Created", "Updated", "Deleted")]
    assert counts == [0, 1, 0]
    crawls = lake.glue.list_crawls(CrawlerName=crawler)["Crawls"]
    assert [crawl["State"] for crawl in crawls] == ["COMPLETED", "COMPLETED"]
    assert {crawl["CrawlId"] for crawl in crawls if crawl["StartTime"] <= crawl["EndTime"]} == {
        crawl["CrawlId"] for crawl in crawls
    }
    summaries = [json.loads(json.loads(crawl["Summary"])["TABLE"]) for crawl in crawls]
    assert any("ADD" in summary for summary in summaries)
    assert any(
        summary.get("UPDATE", {}).get("Details") == {"names": ["changed"]} for summary in summaries
    )


def test_update_behavior_log_leaves_the_table_alone(lake: Lake) -> None:
    """With UpdateBehavior LOG, a changed table keeps its old description."""
    location = lake.write("kept", ROWS)
    crawler = lake.crawler(
        location, SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    )
    lake.crawl(crawler)
    wider = ROWS.append_column("extra", pa.array([1, 2]))
    lake.write("kept", wider, mode="append", schema_mode="merge")
    assert lake.crawl(crawler)["Status"] == "SUCCEEDED"
    assert "extra" not in lake.columns("kept")


@pytest.mark.parametrize(
    ("behavior", "present", "deprecated"),
    [
        ("LOG", True, False),
        ("DEPRECATE_IN_DATABASE", True, True),
        ("DELETE_FROM_DATABASE", False, False),
    ],
)
def test_vanished_table_follows_the_delete_behavior(
    lake: Lake, behavior: str, present: bool, deprecated: bool
) -> None:
    """A table whose Delta log is gone is kept, deprecated or deleted, as the policy says."""
    location = lake.write("gone", ROWS)
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behavior}
    crawler = lake.crawler(location, SchemaChangePolicy=policy)
    lake.crawl(crawler)
    for entry in lake.s3.list_objects_v2(Bucket=lake.bucket, Prefix="gone/")["Contents"]:
        lake.s3.delete_object(Bucket=lake.bucket, Key=entry["Key"])
    assert lake.crawl(crawler)["Status"] == "SUCCEEDED"
    tables = lake.glue.get_tables(DatabaseName=lake.database)["TableList"]
    assert [table["Name"] for table in tables] == ["gone"] * present
    assert ["DEPRECATED_BY_CRAWLER" in table["Parameters"] for table in tables] == (
        [deprecated] * present
    )


def test_target_without_a_delta_table_fails_the_crawl_by_name(lake: Lake) -> None:
    """The crawl fails with the path that holds no table, and registers the others."""
    good = lake.write("good", ROWS)
    missing = f"s3://{lake.bucket}/missing/"
    crawler = lake.crawler(missing, good)
    last = lake.crawl(crawler)
    assert last["Status"] == "FAILED"
    assert f"{missing} holds no Delta table" in last["ErrorMessage"]
    assert "good" not in last["ErrorMessage"]
    assert lake.columns("good") == {"id": "bigint", "name": "string"}
    reply = lake.logs.get_log_events(logGroupName=last["LogGroup"], logStreamName=last["LogStream"])
    messages = [event["message"] for event in reply["events"]]
    assert any("ERROR" in line and missing in line for line in messages)
    assert all(last["MessagePrefix"] in line for line in messages)
    assert lake.glue.list_crawls(CrawlerName=crawler)["Crawls"][0]["State"] == "FAILED"


def test_unreadable_log_fails_the_crawl_by_name(lake: Lake) -> None:
    """A log that is no JSON fails the crawl with the table's path."""
    lake.s3.put_object(
        Bucket=lake.bucket, Key="torn/_delta_log/00000000000000000000.json", Body=b"{torn"
    )
    last = lake.crawl(lake.crawler(f"s3://{lake.bucket}/torn"))
    assert (last["Status"], "/torn" in last["ErrorMessage"]) == ("FAILED", True)


def test_two_folders_of_one_name_give_two_tables(lake: Lake) -> None:
    """A name that a table elsewhere has already is completed with a hash of the location."""
    first, second = lake.write("a/songs", ROWS), lake.write("b/songs", ROWS)
    crawler = lake.crawler(first, second)
    lake.crawl(crawler)
    lake.crawl(crawler)
    tables = lake.glue.get_tables(DatabaseName=lake.database)["TableList"]
    found = {table["Name"]: table["StorageDescriptor"]["Location"] for table in tables}
    assert found.pop("songs") == first
    ((name, location),) = found.items()
    assert (name.startswith("songs_"), location) == (True, second)


@pytest.mark.parametrize(
    ("targets", "named"),
    [
        ({"S3Targets": [{"Path": "s3://b/x"}]}, "localaws does not support S3 targets"),
        (
            {"JdbcTargets": [{"ConnectionName": "c", "Path": "db/%"}]},
            "localaws does not support Jdbc targets",
        ),
        ({"DeltaTargets": [{"DeltaTables": ["s3://b/x"], "WriteManifest": True}]}, "WriteManifest"),
        ({"DeltaTargets": [{"DeltaTables": ["s3://b/x"]}]}, "CreateNativeDeltaTable"),
    ],
)
def test_unsupported_targets_fail_by_name(lake: Lake, targets: Any, named: str) -> None:
    """What localaws cannot crawl fails the crawl with its name."""
    last = lake.crawl(lake.crawler(Targets=targets))
    assert (last["Status"], named in last["ErrorMessage"]) == ("FAILED", True), last


def test_missing_database_fails_the_crawl(lake: Lake) -> None:
    """A crawl into a database that does not exist says so."""
    last = lake.crawl(lake.crawler(lake.write("t", ROWS), DatabaseName="absent"))
    assert (last["Status"], "Database absent" in last["ErrorMessage"]) == ("FAILED", True)


def test_running_crawler_refuses_a_second_start_and_can_be_stopped(lake: Lake) -> None:
    """A crawl under way excludes another; stopped, it changes nothing and counts as cancelled."""
    locations = [f"s3://{lake.bucket}/none/{number}" for number in range(300)]
    crawler = lake.crawler(*locations)
    assert "LastCrawl" not in lake.glue.get_crawler(Name=crawler)["Crawler"]
    with pytest.raises(lake.glue.exceptions.CrawlerNotRunningException):
        lake.glue.stop_crawler(Name=crawler)
    lake.glue.start_crawler(Name=crawler)
    with pytest.raises(lake.glue.exceptions.CrawlerRunningException):
        lake.glue.start_crawler(Name=crawler)
    running = lake.glue.get_crawler(Name=crawler)["Crawler"]
    assert (running["State"], "LastCrawl" in running) == ("RUNNING", False)
    lake.glue.stop_crawler(Name=crawler)
    while (state := lake.glue.get_crawler(Name=crawler)["Crawler"])["State"] != "READY":
        time.sleep(0.02)
    assert state["LastCrawl"]["Status"] == "CANCELLED"


def test_catalog_agrees_with_the_log_it_was_read_from(lake: Lake) -> None:
    """The version the catalog names is the one that delta-rs reads."""
    location = lake.write("counted", ROWS)
    for _ in range(3):
        lake.write("counted", ROWS, mode="append")
    lake.crawl(lake.crawler(location))
    version = DeltaTable(location, storage_options=lake.storage).version()
    assert lake.table("counted")["Parameters"]["delta.lastUpdateVersion"] == str(version)
