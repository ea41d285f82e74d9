"""`lakehouse maintain` and `lakehouse restore`: the job's tasks, and what they did in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.task import run_task

if TYPE_CHECKING:
    from pipeline.progress import Display
    from pipeline.request import Choice
    from pipeline.wait import Clock


def maintain(
    choice: Choice,
    retention_hours: int,
    document: dict[str, Any],
    display: Display,
    clock: Clock,
    *,
    allow_short_retention: bool,
    retries: int,
) -> None:
    """Compact and vacuum the tables.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    arguments = {
        "--task": "maintain",
        "--retention_hours": str(retention_hours),
        "--allow_short_retention": str(allow_short_retention).lower(),
    }
    run_task(choice, arguments, document, display, clock, summary=_summary, retries=retries)


def restore(
    choice: Choice,
    restored_run: str,
    document: dict[str, Any],
    display: Display,
    clock: Clock,
    *,
    and_later: bool,
    retries: int,
) -> None:
    """Take the tables back to what they were before the run `restored_run`.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    arguments = {
        "--task": "restore",
        "--restore_run": restored_run,
        "--and_later": str(and_later).lower(),
    }
    run_task(
        choice,
        arguments,
        document,
        display,
        clock,
        summary=lambda report: f"{len(report['undone_runs']):,} runs undone",
        retries=retries,
    )


def _summary(report: dict[str, Any]) -> str:
    before, after = (
        sum(sizes[moment]["files"] for sizes in report["tables"].values())
        for moment in ("before", "after")
    )
    return f"{before:,} files are {after:,} now"
