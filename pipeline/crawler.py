"""Start the Glue crawler and wait for the crawl that was started.

StartCrawler returns no id, and a crawler that is READY still shows the crawl before. So only a
last crawl that started later than the one seen before the start counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pipeline.console import log_link
from pipeline.errors import RunFailedError, StoppedError
from pipeline.wait import Clock, duration, is_throttled, pause_before, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_glue.type_defs import LastCrawlInfoTypeDef

    from pipeline.aws import Aws

TIMEOUT = 60 * 60.0
"""Seconds for one crawl; the bronze zone has a handful of tables."""

UNDER_WAY = frozenset({"CrawlerRunningException", "CrawlerStoppingException"})
"""Error codes with which Glue says that another crawl slipped in between our look and our start."""


def crawl(aws: Aws, crawler_name: str, clock: Clock, on_state: Callable[[str], None]) -> None:
    """Run the crawler once, from now; a crawl already under way is waited out first.

    Raises:
        RunFailedError: the crawl failed or was cancelled.
        StoppedError: Ctrl-C; the crawl goes on.
        OutOfTimeError: a crawl was still under way after `TIMEOUT`.
    """
    try:
        before = _start(aws, crawler_name, clock, on_state)
        last = wait_for(
            lambda: _newer(aws, crawler_name, before, on_state),
            what=f"the crawl of {crawler_name}",
            timeout=TIMEOUT,
            clock=clock,
        )
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"Stopped waiting for the crawler {crawler_name}, which goes on by itself. The tables "
            "hold this run's data; run again for the query."
        ) from error
    if last.get("Status") != "SUCCEEDED":
        raise RunFailedError(
            f"The crawl of {crawler_name} ended as {last.get('Status')}: "
            f"{last.get('ErrorMessage') or 'Glue gave no reason'} ({_log(aws, last)}). The "
            "tables hold this run's data, but the catalog may not show it: mend the cause and run "
            "again."
        )


def _log(aws: Aws, crawl: LastCrawlInfoTypeDef) -> str:
    """Where the crawl's log is: its page where there is a console."""
    group, stream = crawl.get("LogGroup", "/aws-glue/crawlers"), crawl.get("LogStream", "?")
    return f"log: {log_link(aws, group, stream) or f'{group}, stream {stream}'}"


def _start(aws: Aws, name: str, clock: Clock, on_state: Callable[[str], None]) -> datetime | None:
    """Start a crawl and return the start time of the one before, if there was any."""
    began, again = clock.now(), 0
    while True:
        before = wait_for(
            lambda: _ready(aws, name, on_state),
            what=f"an earlier crawl of {name}",
            timeout=TIMEOUT,
            clock=clock,
        )
        try:
            aws.glue.start_crawler(Name=name)
        except ClientError as error:
            if not (is_throttled(error) or error.response["Error"]["Code"] in UNDER_WAY):
                raise
            if clock.now() - began >= TIMEOUT:
                raise RunFailedError(
                    f"Glue did not start a crawl of {name} in {duration(clock.now() - began)} "
                    f"({error}). Where others keep starting it, find out who does; then run again."
                ) from error
        else:
            return before.get("StartTime")
        again += 1
        clock.sleep(pause_before(again))


def _ready(aws: Aws, name: str, on_state: Callable[[str], None]) -> LastCrawlInfoTypeDef | None:
    crawler = aws.glue.get_crawler(Name=name)["Crawler"]
    state = crawler.get("State", "READY")
    if state != "READY":
        on_state(f"waiting for an earlier crawl ({state})")
        return None
    return crawler.get("LastCrawl", {})


def _newer(
    aws: Aws, name: str, before: datetime | None, on_state: Callable[[str], None]
) -> LastCrawlInfoTypeDef | None:
    crawler = aws.glue.get_crawler(Name=name)["Crawler"]
    on_state(crawler.get("State", "READY"))
    last = crawler.get("LastCrawl", {})
    started = last.get("StartTime")
    if crawler.get("State", "READY") != "READY" or started is None:
        return None
    return last if before is None or started > before else None
