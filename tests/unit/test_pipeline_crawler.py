"""The crawler stage: only a crawl of our own, to its end, counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pipeline import crawler
from pipeline.errors import OutOfTimeError, RunFailedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

EARLIER = datetime(2030, 1, 1, tzinfo=UTC)


class FakeGlue:
    """A crawler that takes a few looks for each crawl."""

    def __init__(self, client_error: Any) -> None:
        self.client_error = client_error
        self.last: dict[str, Any] = {"Status": "SUCCEEDED", "StartTime": EARLIER}
        self.left = 0
        self.started = 0
        self.collisions = 0
        self.outcome: dict[str, Any] = {"Status": "SUCCEEDED"}

    def begin(self, looks: int = 3) -> None:
        """Begin a crawl that ends after that many looks."""
        self.left = looks
        self.next_start = self.last.get("StartTime", EARLIER) + timedelta(milliseconds=5)

    def start_crawler(self, **_: Any) -> None:
        """Start, unless something else just did."""
        if self.collisions > 0:
            self.collisions -= 1
            self.begin()
        if self.left:
            raise self.client_error("CrawlerRunningException")
        self.started += 1
        self.begin()

    def get_crawler(self, **_: Any) -> dict[str, Any]:
        """Show the crawl before until the new one is over."""
        if self.left:
            self.left -= 1
            if self.left:
                return {"Crawler": {"State": "RUNNING", "LastCrawl": self.last}}
            self.last = {**self.outcome, "StartTime": self.next_start}
        return {"Crawler": {"State": "READY", "LastCrawl": self.last}}


class FakeAws:
    """What the crawler stage uses of `pipeline.aws.Aws`."""

    def __init__(self, client_error: Any) -> None:
        self.glue = FakeGlue(client_error)
        # Its endpoint tells whether there is a console; nobody is called.
        self.session = boto3.Session("a", "s", region_name="eu-west-1")
        self.logs = self.session.client("logs", endpoint_url="http://127.0.0.1:1")


@pytest.fixture
def aws(client_error: Any) -> Any:
    """One account for one test."""
    return FakeAws(client_error)


@pytest.fixture
def crawl(aws: Any, clock: Any) -> Callable[[], None]:
    """Crawl as the pipeline does."""
    return lambda: crawler.crawl(aws, "bronze", clock, lambda _state: None)


def test_our_crawl_is_started_and_waited_for(aws: Any, crawl: Any) -> None:
    """The crawl that counts started after the one before."""
    crawl()
    assert aws.glue.started == 1
    assert aws.glue.last["StartTime"] > EARLIER


def test_the_very_first_crawl_has_none_before_it(aws: Any, crawl: Any) -> None:
    """A new crawler has no last crawl at all."""
    aws.glue.last = {}
    crawl()
    assert aws.glue.started == 1


def test_a_crawl_under_way_is_waited_out_and_then_ours_starts(aws: Any, crawl: Any) -> None:
    """The other crawl may have begun before our data was there, so it does not count."""
    aws.glue.begin()
    crawl()
    assert aws.glue.started == 1
    assert aws.glue.last["StartTime"] == EARLIER + timedelta(milliseconds=10)


def test_a_crawl_that_slips_in_before_our_start_is_waited_out_too(aws: Any, crawl: Any) -> None:
    """Between a look and a start, someone else may start the crawler."""
    aws.glue.collisions = 2
    crawl()
    assert aws.glue.started == 1


def test_a_crawler_that_others_keep_starting_is_given_up(aws: Any, crawl: Any, clock: Any) -> None:
    """There is a bound to how long we step back."""
    aws.glue.collisions = 1_000_000
    with pytest.raises(RunFailedError, match="did not start a crawl of bronze in 60 min"):
        crawl()
    assert clock.time < 1000 + crawler.TIMEOUT + 60


@pytest.mark.parametrize(
    "code", ["CrawlerRunningException", "CrawlerStoppingException", "ThrottlingException"]
)
def test_a_start_that_is_put_off_is_made_again_after_pauses_that_grow(
    aws: Any, crawl: Any, clock: Any, client_error: Any, code: str
) -> None:
    """Glue may bar a start for a while of which GetCrawler shows nothing."""
    start, barred = aws.glue.start_crawler, [client_error(code)] * 8

    def refuse(**call: Any) -> None:
        if barred:
            raise barred.pop()
        start(**call)

    aws.glue.start_crawler = refuse
    crawl()
    assert aws.glue.started == 1
    pauses = clock.sleeps[:8]
    assert all(pause >= 0.5 for pause in pauses)
    assert pauses[5] > pauses[0]


def test_a_start_that_is_refused_for_good_is_told_as_it_is(
    aws: Any, crawl: Any, client_error: Any
) -> None:
    """Denied access does not pass by waiting."""

    def refuse(**_: Any) -> None:
        raise client_error("AccessDeniedException")

    aws.glue.start_crawler = refuse
    with pytest.raises(ClientError):
        crawl()


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_crawl_that_did_not_succeed_fails_with_its_message(
    aws: Any, crawl: Any, status: str
) -> None:
    """READY alone does not mean success."""
    aws.glue.outcome = {
        "Status": status, "ErrorMessage": "no such table", "LogGroup": "/g", "LogStream": "s"
    }  # fmt: skip
    with pytest.raises(RunFailedError, match=rf"ended as {status}: no such table \(log: /g, str"):
        crawl()


def test_a_failed_crawl_on_aws_links_to_its_log(aws: Any, crawl: Any) -> None:
    """Instead of naming group and stream."""
    aws.logs = aws.session.client("logs")
    aws.glue.outcome = {"Status": "FAILED", "LogGroup": "/g", "LogStream": "s"}
    with pytest.raises(RunFailedError, match=r"\(log: https://eu-west-1\.console\S+events/s\)"):
        crawl()


def test_a_crawler_that_never_shows_our_crawl_is_given_up_at_the_deadline(
    aws: Any, crawl: Any
) -> None:
    """Being READY with an old crawl is no end."""
    aws.glue.start_crawler = lambda **_: None
    with pytest.raises(OutOfTimeError):
        crawl()


def test_ctrl_c_says_that_the_crawl_goes_on(aws: Any, clock: Any) -> None:
    """Only the waiting stops."""

    def interrupt(_state: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(StoppedError, match="crawler bronze, which goes on"):
        crawler.crawl(aws, "bronze", clock, interrupt)
