"""What a command prints for people on standard output: tables that read well without colour.

On a terminal they have lines and fit its width; in a pipe or a file they are plain columns.
"""

from __future__ import annotations

import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline import intake_report

QUERY_ROWS_SHOWN = 10
"""Rows of the run's query that people see."""

COUNTS = {
    "files": ("listed", "new", "ingested"),
    "records": ("read", "good", "quarantined", "duplicates"),
}
"""The counts that every run has, in the order in which people read them; others come after."""

NO_VALUE = "-"
"""How a null is written."""


def print_run(document: dict[str, Any]) -> None:
    """Print what a run did: its tables, records, files, query and times."""
    console = console_for_people()
    print_table(
        console,
        ["table", "rows", "files", "version"],
        [
            [name, f"{table['rows']:,}", f"{table['files']:,}", str(table["version"])]
            for name, table in document["tables"].items()
        ],
        numbers={"rows", "files", "version"},
    )
    for line in attempt_lines(document.get("attempts", [])):
        console.print(line, soft_wrap=True)
    for what, first in COUNTS.items():
        names = [*first, *(name for name in document[what] if name not in first)]
        counts = ", ".join(f"{document[what][name]:,} {name.replace('_', ' ')}" for name in names)
        console.print(f"{what}: {counts}", soft_wrap=True)
    if document["reasons"]:
        reasons = ", ".join(f"{count:,} {name}" for name, count in document["reasons"].items())
        console.print(f"quarantined because: {reasons}", soft_wrap=True)
    for line in intake_report.lines(document):
        console.print(line, soft_wrap=True)
    query = document["query"]
    console.print(f"\n{query['sql']}", soft_wrap=True, markup=False)
    print_rows(
        query["columns"], query["rows"][:QUERY_ROWS_SHOWN], query["row_count"], console=console
    )
    times = ", ".join(f"{stage['name']} {stage['seconds']:.1f} s" for stage in document["stages"])
    total = sum(stage["seconds"] for stage in document["stages"])
    console.print(f"\nrun {document['run_id']}: {total:.1f} s ({times})", soft_wrap=True)


def attempt_lines(attempts: list[dict[str, Any]]) -> list[str]:
    """Say what became of the job's attempts; nothing where the first one succeeded."""
    if len(attempts) < 2:
        return []
    lines = [
        f"attempt {one['attempt']} of {one['of']}: job run {one['job_run_id']} {one['state']}"
        + (f" ({one['kind']}): {one['reason']}" if "kind" in one else "")
        for one in attempts
    ]
    return [
        *lines,
        "counts are the last attempt's; what one before it had finished is in the tables",
    ]


def print_rows(
    columns: list[str],
    rows: list[list[Any]],
    row_count: int | None,
    console: Console | None = None,
) -> None:
    """Print the rows of a query, and how many there are in all (None: more than shown)."""
    console = console or console_for_people()
    numbers = {
        name
        for position, name in enumerate(columns)
        if any(isinstance(row[position], int | float) for row in rows)
    }
    print_table(console, columns, [[_cell(value) for value in row] for row in rows], numbers)
    if row_count is None:
        console.print(f"the first {len(rows):,} rows; --max-rows shows more")
    elif row_count > len(rows):
        console.print(f"{len(rows):,} of {row_count:,} rows")
    else:
        console.print(f"{row_count:,} rows" if row_count != 1 else "1 row")


def console_for_people() -> Console:
    """Standard output, without any markup or colour of what is printed."""
    # A file has no width to fit into: nothing is wrapped or cut there.
    width = None if sys.stdout.isatty() else 100_000
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=width)


def print_table(
    console: Console, columns: list[str], rows: list[list[str]], numbers: set[str]
) -> None:
    """Print rows under the names of their columns; those in `numbers` to the right."""
    lines = box.SIMPLE_HEAD if console.is_terminal else None
    table = Table(box=lines, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, bool):
        return str(value).lower()
    # Data may hold control characters, which must not reach the terminal.
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in str(value)
    )
