"""`lakehouse report`: its options and help. Everything heavy is imported inside the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.options import folder, pass_answer, target_options
from pipeline.request import Choice

if TYPE_CHECKING:
    from pipeline.answer import Answer


@click.command()
@target_options
@click.option(
    "--out",
    type=folder,
    default=Path("lakehouse-report"),
    show_default=True,
    metavar="DIR",
    help="Write the pages into this folder.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many runs, counted from the newest.",
)
@pass_answer
def report(answer: Answer, /, out: Path, last: int, **target: Any) -> None:
    """Write a page for each run, and one over all of them, to look at in a browser.

    The pages show times, counts and reasons, and never a record.

    \b
    Examples:
      lakehouse report --local --state state
      lakehouse report --stack prod --out pages --last 30
    """
    choice = Choice(**target)
    from pipeline.past_runs import report_on  # noqa: PLC0415

    index, count = report_on(choice, out, last)
    answer.document.update(status="succeeded", index=str(index), runs=count)
    if not answer.as_json:
        click.echo(f"{index}: {count:,} runs")


COMMANDS = (report,)
"""What this module adds to the group in `pipeline.cli`."""
