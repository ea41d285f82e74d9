"""What the commands share on the command line: the target, `--json`, folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pipeline.answer import Answer
from pipeline.request import RETRIES

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., None]")

pass_answer = click.make_pass_decorator(Answer)

# `run_command` looks for the flag itself: it holds for mistakes in the other arguments too.
json_option = click.option(
    "--json", is_flag=True, expose_value=False, help="Print one JSON object and nothing else."
)
retries_option = click.option(
    "--retries",
    type=click.IntRange(min=0),
    default=RETRIES,
    show_default=True,
    metavar="N",
    help="Repeat a job run that failed of what may pass (killed, throttled) N times; 0 never.",
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
