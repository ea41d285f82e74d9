"""The commands that deploy, `preview`, `up`, `destroy` and `doctor`: options, help, and the call.

Everything heavy is imported inside the command that needs it, so that help and mistakes answer at
once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import UsageError
from pipeline.options import json_option, pass_answer, target_options
from pipeline.request import Choice

if TYPE_CHECKING:
    from pipeline.answer import Answer
    from pipeline.deploy_plan import Kind


def _deploy(answer: Answer, kind: Kind, stack: str, **choices: Any) -> None:
    from pipeline.deploy import deploy  # noqa: PLC0415
    from pipeline.progress import display_for  # noqa: PLC0415

    change = deploy(kind, stack, display_for(), **choices)
    answer.document.update(status="succeeded", **change.as_json())
    if not answer.as_json:
        click.echo(change.as_text())


stack_option = click.option("--stack", required=True, metavar="NAME", help="The stack's name.")
refresh_option = click.option(
    "--refresh", is_flag=True, help="Ask AWS what is there now: shows changes made by hand."
)
expect_option = click.option(
    "--expect-no-changes",
    is_flag=True,
    help="Fail, with their names, when any resource differs.",
)
delete_option = click.option(
    "--delete-data", is_flag=True, help="Mean the data too: the second of two keys."
)


@click.command()
@stack_option
@refresh_option
@expect_option
@delete_option
@json_option
@pass_answer
def preview(answer: Answer, /, stack: str, **choices: bool) -> None:
    """Show what `up` would change in a stack; nothing is changed.

    \b
    Examples:
      lakehouse preview --stack dev
      lakehouse preview --stack prod --refresh --expect-no-changes
    """
    _deploy(answer, "preview", stack, **choices)


@click.command()
@stack_option
@refresh_option
@expect_option
@delete_option
@json_option
@pass_answer
def up(answer: Answer, /, stack: str, **choices: bool) -> None:
    """Create or update a stack, as `pulumi up --yes` does.

    It is previewed first, and refused when buckets or the key would be replaced or deleted.

    \b
    Examples:
      lakehouse up --stack dev
      lakehouse up --stack dev --refresh
    """
    _deploy(answer, "up", stack, **choices)


@click.command()
@stack_option
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can answer.")
@delete_option
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


@click.command()
@target_options
@pass_answer
def doctor(answer: Answer, /, **target: Any) -> None:
    """Look for what would stop a deployment, or a run on this machine; nothing is changed.

    Each line is ok, a warning, a problem with what to do about it, or unchecked with the reason.

    \b
    Examples:
      lakehouse doctor --stack dev
      lakehouse doctor --local
    """
    choice = Choice(**target)
    from pipeline.doctor.examination import examine_laptop, examine_stack  # noqa: PLC0415
    from pipeline.doctor.findings import fail_on_problems  # noqa: PLC0415
    from pipeline.progress import display_for  # noqa: PLC0415

    if choice.stack is None:
        what = "This machine"
        findings = examine_laptop(choice.state, display_for())
    else:
        what = f"The stack {choice.stack!r}"
        findings = examine_stack(choice.stack, choice.region, display_for())
    answer.document.update(status="succeeded", checks=[one.as_json() for one in findings])
    if not answer.as_json:
        for one in findings:
            click.echo(one.as_text())
    fail_on_problems(findings, what)


COMMANDS = (preview, up, destroy, doctor)
"""What this module adds to the group in `pipeline.cli`."""
