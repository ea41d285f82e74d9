"""The pages of `lakehouse report`: whole, self-contained, and safe to open."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import cost
from pipeline.errors import UsageError
from pipeline.pages import WIDTH, page_name, rows_added, time_line, write_pages

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "run_id": "20300101T000000Z-aa",
    "job_run_id": "jr_1",
    "status": "succeeded",
    "started": "2030-01-01T00:00:00+00:00",
    "stages": [
        {"name": "job", "status": "succeeded", "seconds": 9.0},
        {"name": "query", "status": "succeeded", "seconds": 3.0},
    ],
    "files": {"listed": 12345, "new": 2, "ingested": 2},
    "records": {"read": 10, "good": 7, "quarantined": 3, "duplicates": 0},
    "reasons": {"ts: missing": 1, "<script>alert(1)</script>": 2},
    "failures": [{"path": "s3://landing/a&b.json", "error": "cut"}],
    "tables": {"songs": {"rows": 71, "files": 1, "version": 2, "location": "s3://b/songs/"}},
    "query": {"sql": "SELECT 1 < 2", "row_count": 1, "bytes_scanned": 2048},
    "cost": {"dpu_hours": 0.0333, "bytes_billed": 20971520, "usd": 0.0148},
}
FAILED: dict[str, Any] = {
    "run_id": "20300102T000000Z-bb",
    "status": "failed",
    "stages": [{"name": "job", "status": "failed", "seconds": 4.0}],
    "error": {"type": "RunFailedError", "message": "Job run jr_2 ended as FAILED"},
}
VOID = {"meta", "rect", "polyline"}


class Page(HTMLParser):
    """Reads a page: its words, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it, and what it refers to."""
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the newest one, which must have this name."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what people read."""
        if self.open and self.open[-1] != "style":
            self.words.append(data)


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Page]:
    """The pages of a good run and a failed one."""
    index = write_pages([GOOD, FAILED], "prod", tmp_path / "out")
    found = {file.name: Page(file.read_text()) for file in index.parent.iterdir()}
    assert all(not page.open for page in found.values())
    return found


def test_every_run_has_a_page_and_the_index_leads_to_it(pages: dict[str, Page]) -> None:
    """The newest run comes first."""
    names = [page_name(FAILED), page_name(GOOD)]
    assert sorted(pages) == sorted([*names, "index.html"])
    assert pages["index.html"].links == names
    assert "2 runs, the newest first." in pages["index.html"].text


def test_pages_refer_to_nothing_beyond_themselves(pages: dict[str, Page]) -> None:
    """They open from a disk or a mail: no script, no font, no picture from elsewhere."""
    for page in pages.values():
        assert not any(link.startswith(("http", "//")) for link in page.links)
        assert not page.tags & {"script", "link", "img", "iframe"}


def test_a_page_tells_counts_reasons_tables_and_cost(pages: dict[str, Page]) -> None:
    """Text from data is text on the page, whatever it looks like."""
    text = pages[page_name(GOOD)].text
    for told in (
        "12,345 listed",
        "3 quarantined",
        "<script>alert(1)</script> 2",
        "s3://landing/a&b.json cut",
        "songs 71 +71 1 2",
        "1 rows; 2 KB scanned.",
        "SELECT 1 < 2",
        "0.0148 US dollars: 0.0333 DPU hours of Glue, 20 MB billed",
        "job 9.0 s",
        "took 12 s",
    ):
        assert told in text


def test_a_failed_run_tells_why_and_how_far_it_came(pages: dict[str, Page]) -> None:
    """What it did not come to is left out."""
    text = pages[page_name(FAILED)].text
    assert "Why it failed Job run jr_2 ended as FAILED" in text
    assert "job 4.0 s (failed)" in text
    assert "Tables" not in text


@pytest.mark.parametrize(
    ("status", "title"),
    [
        ("refused", "Why it was refused"),
        ("stopped", "How it ended"),
        ("timed out", "Why it failed"),
    ],
)
def test_each_end_has_its_own_word(tmp_path: Path, status: str, title: str) -> None:
    """On the run's page and in the index, where it also says who started it."""
    run = FAILED | {"status": status, "started_by": "the schedule (nightly)"}
    write_pages([run], "prod", tmp_path)
    text = Page((tmp_path / page_name(run)).read_text()).text
    assert title in text
    assert "started by the schedule (nightly)" in text
    index = Page((tmp_path / "index.html").read_text()).text
    assert f"{run['run_id']} {status} the schedule (nightly)" in index


def test_attempts_are_told_where_there_were_several(tmp_path: Path) -> None:
    """Which job run, how it ended, why."""
    killed = {"attempt": 1, "of": 3, "job_run_id": "jr_0", "state": "FAILED", "kind": "killed"}
    good = {"attempt": 2, "of": 3, "job_run_id": "jr_1", "state": "SUCCEEDED"}
    for attempts, shown in (([killed | {"reason": "SIGKILL"}, good], True), ([good], False)):
        write_pages([GOOD | {"attempts": attempts}], "prod", tmp_path)
        text = Page((tmp_path / page_name(GOOD)).read_text()).text
        assert ("1 of 3 jr_0 FAILED killed SIGKILL 2 of 3 jr_1 SUCCEEDED" in text) is shown


def test_stages_fill_the_time_line() -> None:
    """Each begins where the one before ends."""
    bars = time_line(GOOD)
    assert [(bar.start, bar.length) for bar in bars] == [(0, WIDTH * 0.75), (WIDTH * 0.75, 160)]
    assert time_line({"stages": [{"name": "a", "status": "failed", "seconds": 0.0}]})[0].length == 0


def test_growth_is_since_the_run_before() -> None:
    """The first run has everything still to add."""
    later = {"tables": {"songs": {"rows": 80}, "users": {"rows": 1}}}
    assert rows_added(later, GOOD) == {"songs": 9, "users": 1}
    assert rows_added(GOOD, {}) == {"songs": 71}


def test_a_folder_that_cannot_be_written_is_a_matter_of_usage(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file cannot be written"):
        write_pages([GOOD], "prod", tmp_path / "file")


@pytest.mark.parametrize(
    ("run", "hours", "usd"),
    [
        ({"ExecutionTime": 30, "NumberOfWorkers": 2, "WorkerType": "G.1X"}, 2 / 60, 0.44 * 2 / 60),
        (
            {"DPUSeconds": 7200.0, "ExecutionTime": 9, "ExecutionClass": "FLEX"},
            2.0,
            0.58,
        ),
        ({"ExecutionTime": 3600, "NumberOfWorkers": 3, "WorkerType": "G.2X"}, 6.0, 2.64),
    ],
)
def test_a_job_run_costs_metered_or_workers_time(run: Any, hours: float, usd: float) -> None:
    """One minute at least; FLEX has a price of its own."""
    usage = cost.used(run)
    assert usage.dpu_hours == pytest.approx(hours)
    assert usage.usd == pytest.approx(usd)


def test_a_query_costs_ten_megabytes_at_least() -> None:
    """A terabyte costs five dollars."""
    found = cost.estimate(cost.Usage(1.0, 0.44), [0, 1024**4])
    assert found == {"dpu_hours": 1.0, "bytes_billed": 1024**4 + 10 * 1024**2, "usd": 5.44}
