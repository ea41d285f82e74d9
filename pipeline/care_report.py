"""What `maintain` and `restore` print for people on standard output."""

from __future__ import annotations

from typing import Any

from pipeline.intake_report import dropped
from pipeline.report import console_for_people, print_table

_UNITS = ("B", "KB", "MB", "GB", "TB")


def print_maintenance(document: dict[str, Any]) -> None:
    """Print each table's files and bytes, before and after."""
    console = console_for_people()
    names = ("files", "bytes", "stored_files", "stored_bytes")
    columns = ["table", "files", "size", "stored files", "stored size"]
    rows = [
        [name, *(_change(sizes, what) for what in names)]
        for name, sizes in document["tables"].items()
    ]
    print_table(console, columns, rows, set(columns[1:]))
    if document["finished_runs"]:
        console.print(f"finished first: {', '.join(document['finished_runs'])}", soft_wrap=True)
    for run in document.get("dropped_runs", []):
        console.print(dropped(run), soft_wrap=True)
    removed = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in document["removed"].items()
    )
    console.print(f"removed: {removed}", soft_wrap=True)
    console.print(
        f"stored beside the tables' own files: what the last {document['retention_hours']} hours "
        "may still need",
        soft_wrap=True,
    )


def print_restore(document: dict[str, Any]) -> None:
    """Print which runs are undone, and from which version each table went back to which."""
    console = console_for_people()
    run = document["restored_run"]
    if not document["undone_runs"]:
        console.print(f"run {run} was undone before: nothing had to be done", soft_wrap=True)
        return
    columns = ["table", "was at version", "as of version"]
    rows = [
        [name, str(versions["from"]), str(versions["to"])]
        for name, versions in document["tables"].items()
    ]
    print_table(console, columns, rows, set(columns[1:]))
    console.print(f"undone: {', '.join(document['undone_runs'])}", soft_wrap=True)
    console.print("their files count as new: the next run takes those that are still there")


def _change(sizes: dict[str, dict[str, int]], what: str) -> str:
    before, after = (
        size(sizes[moment][what]) if what.endswith("bytes") else f"{sizes[moment][what]:,}"
        for moment in ("before", "after")
    )
    return after if before == after else f"{before} -> {after}"


def size(count: int) -> str:
    """Write a number of bytes for a person: 812 B, 4.1 MB; a kilobyte has 1,000 bytes."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
