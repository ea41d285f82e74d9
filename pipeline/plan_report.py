"""What `lakehouse run --dry-run` prints for people on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.care_report import size
from pipeline.intake_report import lines
from pipeline.report import console_for_people, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = ("listed", "new", "changed", "again", "released", "too_large")


def print_plan(document: Mapping[str, Any]) -> None:
    """Print what a dry run found, source by source."""
    console = console_for_people()
    if upload := document.get("upload"):
        console.print(f"upload: {upload['to_send']:,} of {upload['found']:,} files would be sent")
    columns = ["source", *(kind.replace("_", " ") for kind in _COUNTS), "to read"]
    rows = [
        [name, *(f"{counts[kind]:,}" for kind in _COUNTS), size(counts["bytes"])]
        for name, counts in document["sources"].items()
    ]
    print_table(console, columns, rows, set(columns[1:]))
    if left := document["open_batches"]:
        console.print(f"batches of earlier runs that would be finished first: {left:,}")
    for line in lines(document):
        console.print(line, soft_wrap=True)
    console.print("no table was changed")
