"""The `lakehouse` command: what it is called with, what it prints, how it ends.

Exit codes: 0 good, 1 the work failed, 2 bad usage or configuration, 3 another run holds the
pipeline, 130 interrupted. Every failure is a sentence on standard error, never a traceback.
"""

from __future__ import annotations

import contextlib
import sys

import click

from pipeline import (
    care_commands,
    commands,
    deploy_commands,
    laptop_commands,
    report_commands,
)
from pipeline.answer import Answer
from pipeline.explain import Explanation, explain, wants_traceback
from pipeline.interrupts import sigterm_as_ctrl_c

INTERRUPTED = Explanation("Interrupted", "Interrupted; nothing of it is left running.", 130)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
def cli() -> None:
    """Run a music data lakehouse: on AWS, or whole on this machine.

    \b
    Try it, without an AWS account:
      lakehouse sample music --songs 100 --days 3
      lakehouse run --local --state state --source music
      lakehouse query --local --state state "SELECT count(*) FROM songplays"

    Exit codes: 0 good, 1 the work failed, 2 bad usage or configuration, 3 another run holds the
    pipeline. LAKEHOUSE_DEBUG=1 shows tracebacks.
    """


for module in (commands, laptop_commands, deploy_commands, care_commands, report_commands):
    for command in module.COMMANDS:
        cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run_command(sys.argv[1:] if arguments is None else arguments))


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit code; every failure is a sentence, no traceback."""
    answer = Answer(as_json="--json" in arguments)
    try:
        # Whatever a library prints must not end up beside the JSON object.
        quiet = contextlib.redirect_stdout(sys.stderr)
        with sigterm_as_ctrl_c(), quiet if answer.as_json else contextlib.nullcontext():
            status = cli.main(arguments, "lakehouse", standalone_mode=False, obj=answer)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        problem = INTERRUPTED
    except click.ClickException as error:
        place = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        more = f" (see {place} --help)" if place else ""
        problem = Explanation("UsageError", f"{error.format_message()}{more}", error.exit_code)
    except Exception as error:
        if wants_traceback():
            raise
        problem = explain(error)
    else:
        if answer.document:
            answer.close()
        return status if isinstance(status, int) else 0
    answer.close(problem)
    click.echo(f"lakehouse: {problem.message}", err=True)
    return problem.exit_code
