"""Crawls and queries that fail, are in the way of ours, or say too little."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fault import faults
from tests.fault.faults import ALWAYS, Fault, Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import World


def crawler(**changes: Any) -> Fault:
    """Let GetCrawler tell something else about the crawler."""

    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        last = {**document["Crawler"].get("LastCrawl", {}), **changes.get("LastCrawl", {})}
        document["Crawler"] |= changes | ({"LastCrawl": last} if last else {})
        return json.dumps(document).encode()

    return faults.changed(f"crawler: {changes}", rewrite)


def execution(**status: Any) -> Fault:
    """Let GetQueryExecution tell another end than the one there was."""

    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        document["QueryExecution"]["Status"] |= status
        return json.dumps(document).encode()

    return faults.changed(f"query: {status}", rewrite)


def no_rows(body: bytes) -> bytes:
    """Take every row, the header's too, out of a result."""
    document = json.loads(body)
    document["ResultSet"]["Rows"] = []
    return json.dumps(document).encode()


def another_workgroup(body: bytes) -> bytes:
    """Put a workgroup that is not there into the stack's outputs."""
    document = json.loads(body)
    outputs = json.loads(document["Parameter"]["Value"])
    document["Parameter"]["Value"] = json.dumps(outputs | {"workgroup_name": "nowhere"})
    return json.dumps(document).encode()


def test_a_crawl_that_failed_leaves_the_crawler_ready(
    world: World, source: Path, whole: Callable[[World], None], told: Callable[..., None]
) -> None:
    """Fault 16: READY is no success; the run fails with the crawl's message and its log."""
    failed = crawler(LastCrawl={"Status": "FAILED", "ErrorMessage": "no such key"})
    rule = world.pipeline.rules.add(Rule("GetCrawler$", failed, times=ALWAYS))
    ended = world.run("--source", source)
    told(ended, 1, "crawler", "ended as FAILED: no such key", "log: ", "run again")
    assert rule.hit
    assert ended.document["records"]["read"] > 0
    world.pipeline.rules.clear()
    assert world.run().code == 0
    whole(world)


def test_a_crawl_under_way_is_waited_out_and_then_ours_starts(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 16: one crawl is seen before our start, another slips in at that very moment."""
    refused = Fault(name="crawl slipped in", status=400, code="CrawlerRunningException")
    started = world.pipeline.rules.add(Rule("StartCrawler$", refused))
    world.pipeline.rules.add(Rule("GetCrawler$", crawler(State="RUNNING"), times=2))
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert started.seen == 2
    whole(world)


def test_the_reply_to_the_start_of_a_crawl_is_lost(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 16: a crawl that nobody was told of is waited out, and the catalog is right."""
    rule = world.pipeline.rules.add(Rule("StartCrawler$", faults.LOST))
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert rule.hit
    whole(world)


def test_a_query_that_does_not_succeed(world: World, told: Callable[..., None]) -> None:
    """Fault 17: the run fails with Athena's reason."""
    for state, reason in (
        ("FAILED", "GENERIC_INTERNAL_ERROR: out of luck"),
        ("CANCELLED", "Query cancelled by user"),
        ("CANCELLED", "Bytes scanned limit was exceeded"),
    ):
        ends = execution(State=state, StateChangeReason=reason)
        rule = world.pipeline.rules.add(Rule("GetQueryExecution$", ends, times=ALWAYS))
        told(world.run(), 1, "checks", f"ended as {state}: {reason}")
        assert rule.hit
        world.pipeline.rules.clear()


def test_a_workgroup_that_is_not_there(world: World, told: Callable[..., None]) -> None:
    """Fault 17: the message has its name."""
    rule = Rule("GetParameter$", faults.changed("another workgroup", another_workgroup))
    world.pipeline.rules.add(rule)
    told(world.run(), 1, "checks", "nowhere")


def test_an_empty_answer_is_no_count_of_zero(world: World, told: Callable[..., None]) -> None:
    """Fault 17: a result without rows fails the checks; rows that say zero are a good answer."""
    rule = Rule("GetQueryResults$", faults.changed("no rows", no_rows))
    world.pipeline.rules.add(rule)
    told(world.run(), 1, "checks", "answered nothing about", "rows songs")
    assert rule.hit
    world.pipeline.rules.clear()
    none = world.command("query", "--stack", "local", "SELECT title FROM songs WHERE year = 1")
    assert none.code == 0, none.told
    assert (none.document["query"]["row_count"], none.document["query"]["columns"]) == (
        0,
        ["title"],
    )


def test_a_lake_without_a_single_object_is_whole(world: World) -> None:
    """Fault 17: real zeros in every table, and a run that says so and succeeds."""
    ended = world.run()
    assert ended.code == 0, ended.told
    assert {table["rows"] for table in ended.document["tables"].values()} == {0}
    assert ended.document["query"]["row_count"] == 0


def test_the_reply_to_the_start_of_a_query_is_lost(world: World) -> None:
    """Fault 17: the token finds the query that was started, so that none is paid for twice."""
    assert world.run().code == 0
    group = world.target.outputs.workgroup_name

    def executed() -> set[str]:
        listed = world.target.aws.athena.list_query_executions(WorkGroup=group, MaxResults=50)
        return set(listed["QueryExecutionIds"])

    for fault in (faults.LOST, faults.LOST_500):
        before = executed()
        rule = world.pipeline.rules.add(Rule("StartQueryExecution$", fault))
        ended = world.command("query", "--stack", "local", "SELECT count(*) AS n FROM songs")
        assert ended.code == 0, ended.told
        assert ended.document["query"]["rows"] == [[0]]
        assert (len(rule.hit), rule.seen) == (1, 2)
        assert len(executed() - before) == 1
        world.pipeline.rules.clear()
