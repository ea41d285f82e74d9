"""The commands of `lakehouse`, one function each: options, help, and the call that does the work.

Everything heavy is imported inside the command that needs it, so that help and mistakes answer at
once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.answer import Answer
from pipeline.errors import UsageError
from pipeline.intake import AS_EVER, Intake
from pipeline.request import Choice, new_run_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.deploy import Kind

F = TypeVar("F", bound="Callable[..., None]")

pass_answer = click.make_pass_decorator(Answer)

# `run_command` looks for the flag itself: it holds for mistakes in the other arguments too.
json_option = click.option(
    "--json", is_flag=True, expose_value=False, help="Print one JSON object and nothing else."
)
folder = click.Path(path_type=Path)


def target_options(command: F) -> F:
    """Add the options that choose between AWS and this machine."""
    for option in (
        json_option,
        click.option("--region", metavar="NAME", help="AWS region, if not that of your profile."),
        click.option(
            "--state",
            type=folder,
            metavar="DIR",
            help="With --local: keep the data in this folder between runs.",
        ),
        click.option("--local", is_flag=True, help="Work on this machine, without any AWS."),
        click.option("--stack", metavar="NAME", help="Work on this stack, deployed to AWS."),
    ):
        command = option(command)
    return command


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
    help="Read again the objects with records that an older contract put into quarantine.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be ingested, and change nothing.")
@click.option("--attach", is_flag=True, help="Take on the job run that is under way.")
@click.option("--stop", is_flag=True, help="Stop the job run that is under way, and nothing else.")
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
        plan_run(choice, source, intake, answer.document, stages)
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


@click.command()
@click.argument("folder", type=folder, metavar="DIR")
@click.option("--songs", type=click.IntRange(1, 1_000_000), default=300, show_default=True)
@click.option("--days", type=click.IntRange(0, 3650), default=3, show_default=True)
@click.option(
    "--events-per-day", type=click.IntRange(1, 10_000_000), default=2000, show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other seed, other data.")
@click.option(
    "--dirty",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    metavar="FRACTION",
    help="Make this fraction of log lines and song files bad, and repeat some objects.",
)
@json_option
@pass_answer
def sample(answer: Answer, /, folder: Path, **amounts: Any) -> None:
    """Write sample input to DIR: songs as song-data/, days of user events as log-data/.

    All names are invented. The same arguments write the same bytes, everywhere and always.

    \b
    Examples:
      lakehouse sample music
      lakehouse sample music --songs 3000 --days 30 --events-per-day 15000 --seed 7 --dirty 0.01
    """
    from pipeline.progress import display_for  # noqa: PLC0415
    from pipeline.sample import Recipe, write_sample  # noqa: PLC0415

    written = write_sample(folder, Recipe(**amounts), display_for())
    answer.document.update(status="succeeded", **written.as_json())
    if not answer.as_json:
        click.echo(written.as_text())


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4566,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--state", type=folder, metavar="DIR", help="Serve, and keep, the data of this folder."
)
@click.option(
    "--with-stack", is_flag=True, help="Create the local stack first, if it is not there."
)
@json_option
@pass_answer
def serve(answer: Answer, /, port: int, state: Path | None, with_stack: bool) -> None:
    """Serve AWS on this machine, for the AWS CLI or any other client, until Ctrl-C.

    Only this machine can reach it. `--state` takes the folder of a `lakehouse run --local`.

    \b
    Examples:
      lakehouse serve --state state
      lakehouse serve --port 0 --with-stack --json
    """
    from pipeline.serve import serve as serve_until_interrupted  # noqa: PLC0415

    def ready(document: dict[str, Any], text: str) -> None:
        answer.document.update(document)
        if answer.as_json:
            answer.close()
            answer.as_json = False  # One object per command: the ending adds none.
        else:
            click.echo(text)

    serve_until_interrupted(port, state, with_stack=with_stack, ready=ready)


def _deploy(answer: Answer, kind: Kind, stack: str, *, delete_data: bool = False) -> None:
    from pipeline.deploy import deploy  # noqa: PLC0415
    from pipeline.progress import display_for  # noqa: PLC0415

    change = deploy(kind, stack, display_for(), delete_data=delete_data)
    answer.document.update(status="succeeded", **change.as_json())
    if not answer.as_json:
        click.echo(change.as_text())


stack_option = click.option("--stack", required=True, metavar="NAME", help="The stack's name.")


@click.command()
@stack_option
@json_option
@pass_answer
def preview(answer: Answer, /, stack: str) -> None:
    """Show what `up` would change in a stack; nothing is changed.

    \b
    Example:
      lakehouse preview --stack dev
    """
    _deploy(answer, "preview", stack)


@click.command()
@stack_option
@json_option
@pass_answer
def up(answer: Answer, /, stack: str) -> None:
    """Create or update a stack, as `pulumi up --yes` does.

    \b
    Example:
      lakehouse up --stack dev
    """
    _deploy(answer, "up", stack)


@click.command()
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
@click.option("--delete-data", is_flag=True, help="Mean the data too: the second of two keys.")
@json_option
@pass_answer
def destroy(answer: Answer, /, stack: str, yes: bool, delete_data: bool) -> None:
    """Delete everything that a stack created.

    A stack that holds data goes only with two keys, in this order: the setting
    lakehouse:allowDataDeletion, brought to the stack by an `up`; then --delete-data.

    \b
    Example:
      lakehouse destroy --stack dev --delete-data --yes
    """
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("destroy deletes the stack's resources: confirm with --yes.")
        click.confirm(f"Delete every resource of the stack {stack!r}?", abort=True, err=True)
    _deploy(answer, "destroy", stack, delete_data=delete_data)


COMMANDS = (run, query, sample, serve, preview, up, destroy)
"""Every command of the group in `pipeline.cli`."""
