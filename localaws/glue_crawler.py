"""Crawlers that really crawl: StartCrawler, StopCrawler, and what their state tells."""

from __future__ import annotations

import logging
import statistics
import threading
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.glue.exceptions import CrawlerRunningException, GlueClientError
from moto.glue.models import FakeCrawler, GlueBackend
from moto.glue.responses import GlueResponse

from localaws.errors import LocalawsError
from localaws.glue_crawl import CatalogUpdate, Crawl, delta_paths, read_targets
from localaws.log_streams import LogStream
from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

logger = logging.getLogger(__name__)

_STOPPED_MEANWHILE = "localaws stopped while this crawl was under way: start the crawler again"


def settle(backend: GlueBackend) -> None:
    """Mark crawls that were under way when localaws ended as failed."""
    for crawler in backend.crawlers.values():
        for crawl in crawler.crawls:
            if isinstance(crawl, Crawl):
                crawl.finish("FAILED", _STOPPED_MEANWHILE)


class Crawls:
    """Runs crawls, each in a thread of its own."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._under_way: set[Crawl] = set()

    def start(self, crawler: FakeCrawler, crawl: Crawl) -> None:
        """Crawl in the background."""
        self._under_way.add(crawl)
        threading.Thread(target=self._carry_out, args=(crawler, crawl), daemon=True).start()

    def close(self) -> None:
        """Mark what is under way as failed; the threads change nothing after that."""
        with self._services.changing("glue"):
            for crawl in list(self._under_way):
                crawl.finish("FAILED", _STOPPED_MEANWHILE)

    def _carry_out(self, crawler: FakeCrawler, crawl: Crawl) -> None:
        backend = crawler.backend
        stream = LogStream(
            self._services,
            account=backend.account_id,
            region=backend.region_name,
            group=crawl.log_group,
            name=crawl.log_stream,
        )
        lines: list[str] = []

        def log(message: str, level: str = "INFO") -> None:
            lines.append(f"[{crawl.message_prefix}] {level} : {message}")

        log(f"Running Start Crawl for Crawler {crawler.name}", "BENCHMARK")
        state, error = "COMPLETED", None
        try:
            environment = self._services.environment() | {"AWS_REGION": backend.region_name}
            paths = delta_paths(crawler)
            found = read_targets(paths, environment, lambda: crawl.state == "RUNNING")
            with self._services.changing("glue"):
                if crawl.state == "RUNNING":
                    update = CatalogUpdate(crawler, log)
                    crawl.changes = update.changes
                    update.apply(found)
        except LocalawsError as problem:
            state, error = "FAILED", str(problem)
        except Exception as problem:  # a crawl must end, whatever happens
            logger.exception("crawl %s failed", crawl.crawl_id)
            state, error = "FAILED", f"localaws failed at this crawl: {problem!r}"
        if error is not None:
            log(error, "ERROR")
        log("Crawler has finished running and is in state READY", "BENCHMARK")
        stream.write(lines)
        self._services.persist("logs")
        with self._services.changing("glue"):
            crawl.finish("STOPPED" if crawl.state == "STOPPING" else state, error)
            self._under_way.discard(crawl)


def _latest(crawler: FakeCrawler) -> Crawl | None:
    latest = crawler.crawls[-1] if crawler.crawls else None
    return latest if isinstance(latest, Crawl) else None


def _metrics(crawler: FakeCrawler) -> dict[str, Any]:
    """Return the entry of GetCrawlerMetrics for one crawler."""
    ended = [crawl for crawl in crawler.crawls if isinstance(crawl, Crawl) and crawl.end_time]
    seconds = [crawl.seconds for crawl in ended]
    latest = ended[-1].changes if ended else {}
    return {
        "CrawlerName": crawler.name,
        "TimeLeftSeconds": 0.0,
        "StillEstimating": False,
        "LastRuntimeSeconds": seconds[-1] if seconds else 0.0,
        "MedianRuntimeSeconds": statistics.median(seconds) if seconds else 0.0,
        "TablesCreated": len(latest.get("ADD", ())),
        "TablesUpdated": len(latest.get("UPDATE", ())),
        "TablesDeleted": len(latest.get("DELETE", ())),
    }


def install(services: Services) -> None:
    """Make the crawlers of moto's Glue really crawl."""
    crawls = Crawls(services)
    services.on_shutdown(crawls.close)
    services.on_restore("glue", settle)
    describe = FakeCrawler.as_dict

    def start_crawler(self: FakeCrawler) -> None:
        latest = _latest(self)
        if latest is not None and latest.under_way:
            raise CrawlerRunningException(f"Crawler with name {self.name} has already started")
        crawl = Crawl(self)
        self.crawls.append(crawl)
        crawls.start(self, crawl)

    def stop_crawler(self: FakeCrawler) -> None:
        latest = _latest(self)
        if latest is None or not latest.under_way:
            raise GlueClientError(
                "CrawlerNotRunningException", f"Crawler with name {self.name} isn't running"
            )
        if latest.state == "STOPPING":
            raise GlueClientError(
                "CrawlerStoppingException", f"Crawler with name {self.name} is stopping already"
            )
        latest.state = "STOPPING"

    def as_dict(self: FakeCrawler) -> dict[str, Any]:
        result = describe(self)
        result.pop("LastCrawl", None)  # moto shows the one that is under way
        ended = [crawl for crawl in self.crawls if isinstance(crawl, Crawl) and crawl.end_time]
        if ended:
            result["LastCrawl"] = ended[-1].last_crawl()
        latest = _latest(self)
        result["CrawlElapsedTime"] = int(latest.seconds * 1000) if latest else 0
        return result

    def get_crawler_metrics(self: GlueResponse) -> ActionResult:
        names = self.parameters.get("CrawlerNameList")
        chosen = [
            crawler
            for crawler in self.glue_backend.get_crawlers()
            if not names or crawler.name in names
        ]
        return ActionResult({"CrawlerMetricsList": [_metrics(crawler) for crawler in chosen]})

    replace(FakeCrawler, start_crawler=start_crawler, stop_crawler=stop_crawler, as_dict=as_dict)
    replace(GlueResponse, get_crawler_metrics=get_crawler_metrics)
