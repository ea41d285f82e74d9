"""The commands that work on the data, `run` and `query`: their options, help, and the call.

Everything heavy is imported inside the command that needs it, so that help and mistakes answer at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import UsageError
from pipeline.intake import AS_EVER, Intake
from pipeline.options import folder, pass_answer, retries_option, target_options
from pipeline.request import Choice, new_run_id

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.answer import Answer


@click.command()
@target_options
@click.option(
    "--source",
    type=folder,
    metavar="DIR",
    help="Upload this folder's song-data/ and log-data/ first; without it, the run works on what "
    "has landed already.",
)
@click.option(
    "--accept",
    multiple=True,
    metavar="PATH",
    help="Take in a held object all the same: its s3:// path, or its key. May be repeated.",
)
@click.option(
    "--max-quarantined-fraction",
    type=click.FloatRange(0.0, 1.0),
    metavar="FRACTION",
    help="Hold objects of whose records more than this is bad.  [default: 0.5]",
)
@click.option(
    "--reprocess",
    default="",
    metavar="PREFIX|TIME",
    help="Read again, by the contract as it is now, the objects under a prefix (log-data/2018/) or "
    "those modified since an ISO time (2026-01-31, UTC).",
)
@click.option(
    "--requeue",
    is_flag=True,
    help="Read again the records that an older contract put into quarantine, from their objects "
    "or, where these are gone, from the quarantine's text.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be read, and change nothing.")
@click.option(
    "--attach", is_flag=True, help="Take on the job run that is under way; it is not repeated."
)
@click.option("--stop", is_flag=True, help="Stop the job run that is under way, and nothing else.")
@retries_option
@pass_answer
def run(
    answer: Answer,
    /,
    *,
    source: Path | None,
    accept: tuple[str, ...],
    max_quarantined_fraction: float | None,
    reprocess: str,
    requeue: bool,
    dry_run: bool,
    attach: bool,
    stop: bool,
    retries: int,
    **target: Any,
) -> None:
    """Run the pipeline once: upload, job, crawler, checks, query.

    Only files that are new or have changed are uploaded, and only those are ingested: running
    twice changes nothing.

    \b
    Examples:
      lakehouse run --local --source music
      lakehouse run --local --state state --source music --json
      lakehouse run --stack dev --source music
      lakehouse run --stack dev
      lakehouse run --stack dev --attach
      lakehouse run --stack dev --source music --dry-run
      lakehouse run --stack dev --reprocess log-data/2018/11/
      lakehouse run --stack dev --accept log-data/2018/11/2018-11-03-events.json
    """
    choice = Choice(**target)
    intake = Intake(
        accept=accept,
        max_quarantined_fraction=max_quarantined_fraction,
        reprocess=reprocess,
        requeue=requeue,
        dry_run=dry_run,
    )
    if (attach or stop) and (
        choice.local or source is not None or attach == stop or intake != AS_EVER
    ):
        raise UsageError(
            "--attach and --stop are about a run that is under way on --stack NAME: pass one of "
            "them, and nothing else."
        )
    from pipeline.progress import display_for  # noqa: PLC0415
    from pipeline.wait import SystemClock  # noqa: PLC0415

    if stop:
        from pipeline.stop import stop_run  # noqa: PLC0415

        stopped = stop_run(choice, display_for(), SystemClock())
        answer.document.update(status="succeeded", **stopped.as_json())
        if not answer.as_json:
            click.echo(stopped.as_text())
        return
    answer.document["run_id"] = new_run_id()
    if dry_run:
        from pipeline.dry_run import plan_run  # noqa: PLC0415
        from pipeline.plan_report import print_plan  # noqa: PLC0415
        from pipeline.progress import Stages  # noqa: PLC0415

        stages = Stages(display_for(), SystemClock())
        plan_run(choice, source, intake, answer.document, stages, retries=retries)
        if not answer.as_json:
            print_plan(answer.document)
        return
    from pipeline.run import run_pipeline  # noqa: PLC0415

    run_pipeline(
        choice,
        source,
        answer.document,
        display_for(),
        SystemClock(),
        attach=attach,
        intake=intake,
        retries=retries,
    )
    if not answer.as_json:
        from pipeline.report import print_run  # noqa: PLC0415

        print_run(answer.document)


@click.command()
@target_options
@click.option("--name", metavar="NAME", help="Run this named query of the workgroup.")
@click.option(
    "--max-rows",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Rows to print; 0 prints all.",
)
@click.argument("sql", required=False)
@pass_answer
def query(
    answer: Answer,
    /,
    sql: str | None,
    name: str | None,
    max_rows: int,
    **target: Any,
) -> None:
    """Run SQL, or a named query, in the stack's Athena workgroup.

    \b
    Examples:
      lakehouse query --local --state state "SELECT level, count(*) AS n FROM users GROUP BY level"
      lakehouse query --stack dev --name artists-and-songs --json
    """
    choice = Choice(**target)
    if (sql is None) == (name is None):
        raise UsageError('Pass either the SQL, as in "SELECT 1", or --name NAME.')
    from pipeline.ask import ask  # noqa: PLC0415

    result = ask(choice, sql=sql, name=name, max_rows=max_rows or None)
    answer.document.update(status="succeeded", query=result.as_json())
    if not answer.as_json:
        from pipeline.report import print_rows  # noqa: PLC0415

        print_rows(result.columns, result.rows, result.row_count)


COMMANDS = (run, query)
"""What this module adds to the group in `pipeline.cli`."""
