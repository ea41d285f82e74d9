"""The pages of `lakehouse report` as a browser shows them: whole, legible, quiet.

`runs.json` holds the documents of five runs on a laptop: three good ones, one that met a bad, a cut
and a drifting file, and one that failed. UPDATE_PICTURES=1 renews the pictures in docs/.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from pipeline.pages import page_name, write_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Request

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
RUNS: list[dict[str, Any]] = json.loads((HERE / "runs.json").read_text(encoding="utf-8"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with it
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LEAST_CONTRAST = 4.5
"""WCAG 2.1, 1.4.3: normal text."""

CONTRASTS = """() => {
  const channels = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = (color) => channels(color).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("body *")].filter((e) => !e.closest("svg") &&
    [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return texts.map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return [e.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05)];
  });
}"""
TEXTS_OUTSIDE = """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1;
  }).map((text) => text.textContent);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=[*FLAGS])
        yield running
        running.close()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the pages of RUNS."""
    return write_pages(RUNS, "dev", tmp_path_factory.mktemp("report"))


@pytest.fixture
def show(browser: Browser, index: Path) -> Iterator[Callable[..., Page]]:
    """Open a page of the report; a complaint or a request to anywhere else fails the test."""
    complaints: list[str] = []
    contexts = []

    def note_request(request: Request) -> None:
        if not request.url.startswith("file:"):
            complaints.append(request.url)

    def opened(name: str, *, width: int = 1000, scheme: Any = "light") -> Page:
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", note_request)
        page.goto((index.parent / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def every_page() -> list[str]:
    """The names of the index and of each run's page."""
    return ["index.html", *(page_name(run) for run in RUNS)]


@pytest.mark.parametrize("width", [390, 1000])
@pytest.mark.parametrize("name", every_page())
def test_pages_fit_a_phone_and_a_desk(show: Callable[..., Page], name: str, width: int) -> None:
    """Nothing sticks out: the page scrolls down only, and pictures hold their words."""
    page = show(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TEXTS_OUTSIDE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", every_page())
def test_text_stands_out_by_day_and_by_night(
    show: Callable[..., Page], name: str, scheme: str
) -> None:
    """Each text has the contrast that WCAG asks for."""
    found = show(name, scheme=scheme).evaluate(CONTRASTS)
    assert found
    assert [text for text, contrast in found if contrast < LEAST_CONTRAST] == []


def test_a_click_leads_to_the_newest_run_and_back(show: Callable[..., Page]) -> None:
    """The index lists the newest run first."""
    page = show("index.html")
    page.click("table a")
    assert page.inner_text("h1") == f"Run {RUNS[-1]['run_id']}"
    page.click("text=All runs of dev")
    assert page.inner_text("h1") == "Runs of dev"


def test_a_run_shows_its_stages_in_proportion(show: Callable[..., Page]) -> None:
    """The longest bar is that of the longest stage, and they follow one another."""
    run = RUNS[0]
    boxes = show(page_name(run)).eval_on_selector_all(
        "rect.bar", "bars => bars.map(b => [b.getBoundingClientRect().left, b.width.baseVal.value])"
    )
    seconds = [stage["seconds"] for stage in run["stages"]]
    assert [left for left, _ in boxes] == sorted(left for left, _ in boxes)
    widths = [width for _, width in boxes]
    assert widths.index(max(widths)) == seconds.index(max(seconds))


def test_the_pictures_in_docs_are_of_today(show: Callable[..., Page]) -> None:
    """They show what the pages say now: renewed with UPDATE_PICTURES=1.

    Not compared dot by dot, since fonts differ: beside each lies the text that it shows.
    """
    run = next(run for run in RUNS if run.get("held"))
    for name, picture in (("index.html", "report-index"), (page_name(run), "report-run")):
        page = show(name)
        words = page.inner_text("body")
        if os.environ.get("UPDATE_PICTURES"):
            page.screenshot(path=DOCS / f"{picture}.png", full_page=True)
            (HERE / f"{picture}.txt").write_text(words + "\n", encoding="utf-8")
        assert (DOCS / f"{picture}.png").stat().st_size > 10_000
        assert (HERE / f"{picture}.txt").read_text(encoding="utf-8") == words + "\n"
