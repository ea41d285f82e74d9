"""The commands that keep the tables in order: their options, help, and the call that does the work.

Everything heavy is imported inside the command, so that help and mistakes answer at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import UsageError
from pipeline.options import pass_answer, retries_option, target_options
from pipeline.request import Choice, new_run_id

if TYPE_CHECKING:
    from pipeline.answer import Answer

SAFE_RETENTION_HOURS = 7 * 24
"""Below it, the job too asks for --allow-short-retention."""


@click.command()
@target_options
@click.option(
    "--retention-hours",
    type=click.IntRange(min=0),
    default=SAFE_RETENTION_HOURS,
    show_default=True,
    help="Delete files that the tables have done without for this long.",
)
@click.option(
    "--allow-short-retention",
    is_flag=True,
    help="Allow fewer than 168 hours: no query runs, and no older version is needed.",
)
@retries_option
@pass_answer
def maintain(
    answer: Answer,
    /,
    retention_hours: int,
    allow_short_retention: bool,
    retries: int,
    **target: Any,
) -> None:
    """Compact the tables' small files and delete those that nobody needs any more.

    What the tables say does not change. Every run adds files; maintain once a day, or when queries
    become slow.

    \b
    Examples:
      lakehouse maintain --local --state state
      lakehouse maintain --stack dev --json
    """
    answer.document["run_id"] = new_run_id()
    choice = Choice(**target)
    if retention_hours < SAFE_RETENTION_HOURS and not allow_short_retention:
        raise UsageError(
            f"--retention-hours {retention_hours} is less than {SAFE_RETENTION_HOURS} (7 days): a "
            "query that is still reading an older version would lose its files, and no table could "
            "be restored or read as it was before then. If nobody needs that, add "
            "--allow-short-retention."
        )
    from pipeline.maintenance import maintain as maintain_tables  # noqa: PLC0415
    from pipeline.progress import display_for  # noqa: PLC0415
    from pipeline.wait import SystemClock  # noqa: PLC0415

    maintain_tables(
        choice,
        retention_hours,
        answer.document,
        display_for(),
        SystemClock(),
        allow_short_retention=allow_short_retention,
        retries=retries,
    )
    if not answer.as_json:
        from pipeline.care_report import print_maintenance  # noqa: PLC0415

        print_maintenance(answer.document)


@click.command()
@target_options
@click.option("--run", "run_id", required=True, metavar="ID", help="The run to undo.")
@click.option("--and-later", is_flag=True, help="Undo every later run too.")
@retries_option
@pass_answer
def restore(answer: Answer, /, run_id: str, and_later: bool, retries: int, **target: Any) -> None:
    """Take the tables back to what they were before a bad run.

    The ledger goes back as well: the files that the run took count as new, and the next run takes
    them again. Remove bad files from the landing bucket before that.

    \b
    Examples:
      lakehouse restore --local --state state --run 20260101T000000Z-0123abcd
      lakehouse restore --stack dev --run 20260101T000000Z-0123abcd --and-later
    """
    answer.document["run_id"] = new_run_id()
    choice = Choice(**target)
    from pipeline.maintenance import restore as restore_tables  # noqa: PLC0415
    from pipeline.progress import display_for  # noqa: PLC0415
    from pipeline.wait import SystemClock  # noqa: PLC0415

    restore_tables(
        choice,
        run_id,
        answer.document,
        display_for(),
        SystemClock(),
        and_later=and_later,
        retries=retries,
    )
    if not answer.as_json:
        from pipeline.care_report import print_restore  # noqa: PLC0415

        print_restore(answer.document)


COMMANDS = (maintain, restore)
"""Every command of the group in `pipeline.cli` that is declared here."""
