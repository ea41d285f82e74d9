"""`lakehouse report`: a page for each run and one over all of them, for people to look at.

Each page is one file with everything in it: it opens from a disk, a mail or a CI artifact. It shows
counts, reasons and times, and never a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.errors import UsageError
from pipeline.wait import duration

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "index.html"
WIDTH = 640.0
"""Width of a picture, in its own units."""

READING_ORDER = {
    "files": ("listed", "new", "ingested", "held", "failed"),
    "records": ("read", "good", "ignored", "quarantined", "duplicates"),
    "failures": ("path", "error", "attempts", "parked"),
    "held": ("path", "error", "read", "quarantined"),
    "drift": ("source", "field", "kind", "instead_of", "records", "first_file"),
    "quality": ("table", "rule", "severity", "checked", "broken", "passed"),
}
"""How people read what the documents list: what is not named here comes after, as it is there."""

Run = dict[str, Any]
"""The document of a run, as `pipeline.history` keeps it."""


@dataclass(frozen=True)
class Bar:
    """One stage on the time line: where it begins and how long it is, in units of WIDTH."""

    name: str
    status: str
    seconds: float
    start: float
    length: float


@dataclass(frozen=True)
class Line:
    """A table's rows over the runs: the first and the last, and a line, WIDTH by 40 units."""

    name: str
    first: int
    last: int
    points: str


def write_pages(runs: list[Run], stack: str, folder: Path) -> Path:
    """Write the pages of `runs` (oldest first) into `folder` and return the index's path.

    Raises:
        UsageError: the folder cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("pipeline"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(
        cell=_cell,
        count=_count,
        duration=duration,
        moment=_moment,
        size=_size,
    )
    runs = [_in_reading_order(run) for run in runs]
    pages = {
        INDEX: environment.get_template("index.html").render(
            stack=stack, runs=runs[::-1], growth=_growth(runs), width=WIDTH
        )
    }
    previous: Run = {}
    for run in runs:
        pages[page_name(run)] = environment.get_template("run.html").render(
            run=run,
            bars=time_line(run),
            width=WIDTH,
            added=rows_added(run, previous),
            stack=stack,
        )
        previous = run if run.get("tables") else previous
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}): choose --out.") from error
    return folder / INDEX


def _in_reading_order(run: Run) -> Run:
    """Put the columns of a document's lists, and its counts, into the order of READING_ORDER."""

    def ordered(row: Run, names: tuple[str, ...]) -> Run:
        first = {name: row[name] for name in names if name in row}
        return {**first, **{name: value for name, value in row.items() if name not in first}}

    found = dict(run)
    for part, names in READING_ORDER.items():
        if isinstance(here := run.get(part), dict):
            found[part] = ordered(here, names)
        elif here:
            found[part] = [ordered(row, names) for row in here]
    if found.get("quality"):
        # Broken rules are what somebody looks for.
        found["quality"] = sorted(found["quality"], key=lambda rule: rule["passed"])
    return found


def page_name(run: Run) -> str:
    """Name the file of a run's page; run ids are made of letters, digits, '_', '.' and '-'."""
    return f"run-{run['run_id']}.html"


def time_line(run: Run) -> list[Bar]:
    """Lay the stages of a run one after the other over WIDTH."""
    stages = run.get("stages", [])
    total = sum(stage["seconds"] for stage in stages) or 1.0
    bars: list[Bar] = []
    start = 0.0
    for stage in stages:
        length = WIDTH * stage["seconds"] / total
        bars.append(Bar(stage["name"], stage["status"], stage["seconds"], start, length))
        start += length
    return bars


def rows_added(run: Run, previous: Run) -> dict[str, int]:
    """Tell how many rows each table has more than after the run before that had tables."""
    before = previous.get("tables", {})
    return {
        name: table["rows"] - before.get(name, {"rows": 0})["rows"]
        for name, table in run.get("tables", {}).items()
    }


def _growth(runs: list[Run]) -> list[Line]:
    measured = [run["tables"] for run in runs if run.get("tables")]
    lines: list[Line] = []
    for name in measured[-1] if measured else ():
        rows = [tables.get(name, {"rows": 0})["rows"] for tables in measured]
        highest = max(rows) or 1
        step = WIDTH / max(len(rows) - 1, 1)
        points = [f"{at * step:.1f},{38 - 36 * n / highest:.1f}" for at, n in enumerate(rows)]
        lines.append(Line(name, rows[0], rows[-1], " ".join(points)))
    return lines


def _moment(written: str) -> str:
    """Write a moment (ISO 8601, in UTC) for people."""
    return written.replace("T", " ").replace("+00:00", " UTC")


def _cell(value: object) -> str:
    """Write a value of a list for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _count(value) if isinstance(value, int) else str(value)


def _count(number: int) -> str:
    return f"{number:,}"


def _size(number: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:,.0f} {unit}"
        number /= 1024
    return f"{number:,.1f} TB"
