"""Finds the runs of a target, remembered ones and others, and has their pages written."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pipeline import local
from pipeline.errors import RunFailedError
from pipeline.history import runs, worded
from pipeline.pages import write_pages
from pipeline.target import stack_on_aws
from pipeline.unwatched import unwatched

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.request import Choice


def report_on(choice: Choice, out: Path, last: int) -> tuple[Path, int]:
    """Write the pages of the `last` runs into `out`; the index's path and how many runs there are.

    Raises:
        RunFailedError: no run was remembered yet.
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    with ExitStack() as open_things:
        if choice.stack is not None:
            target = stack_on_aws(choice.stack, choice.region)
        else:
            state = local.require_state(choice.state)
            target = local.opened(open_things.enter_context(local.server(state)))
        known = runs(target, last)
        found = [worded(run) for run in known] + unwatched(target, known, last)
        found = sorted(found, key=lambda run: str(run.get("started", "")))[-last:]
    if not found:
        raise RunFailedError(
            f"There is no run of {target.name} to report on yet: `lakehouse run` makes one."
        )
    return write_pages(found, target.name, out), len(found)
