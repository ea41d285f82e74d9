"""`lakehouse preview | up | destroy`: the Pulumi program through the Automation API.

The program runs in this process; the Pulumi CLI keeps the state, as it does for `pulumi up` on the
same stack. The CLI works on copies of `Pulumi.yaml` and `Pulumi.<stack>.yaml` in a temporary
folder, so that it can write to them what it likes: the files in the repository are inputs.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi import automation

from pipeline import interrupted
from pipeline.deletion import require_both_keys, require_keys_for
from pipeline.deploy_errors import plain_errors
from pipeline.deploy_plan import Change, Steps, named
from pipeline.deploy_run import run_on
from pipeline.errors import DeployError, StackError, StoppedError
from pipeline.interrupts import Interrupts
from pipeline.local import PROJECT, ROOT
from pipeline.pulumi_cli import PulumiCli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.deploy_plan import Kind
    from pipeline.progress import Display

ENDING = "Pulumi finishes what it is at and writes it down; once more ends it without waiting"


def deploy(
    kind: Kind,
    stack: str,
    display: Display,
    root: Path = ROOT,
    *,
    delete_data: bool = False,
    refresh: bool = False,
    expect_no_changes: bool = False,
) -> Change:
    """Preview, update or destroy a stack.

    An update is previewed first: when it would delete or replace what holds data, or change
    anything although nothing was expected to, it does not begin.

    Args:
        kind: which of the three.
        stack: its name; its settings are in `Pulumi.<stack>.yaml`.
        display: shows which resource is being worked on.
        root: the folder of the Pulumi project.
        delete_data: for `up` and `destroy`, that the data is meant too.
        refresh: for `preview` and `up`, compare with what AWS has now, not with what was last
            written down.
        expect_no_changes: for `preview` and `up`, fail when anything differs.

    Raises:
        StackError: there are no settings for the stack, or it was never created.
        UsageError: the Pulumi CLI, a plugin or the passphrase is missing, the settings are wrong,
            or data would go without both keys.
        AccessError: AWS or the backend refuses the credentials.
        PipelineBusyError: another update holds the stack.
        StoppedError: Ctrl-C or SIGTERM ended it, and the message says how the stack stands.
        DeployError: any other failure, such as a change where none was expected.
    """
    interrupts = Interrupts(display.note)
    told = f"Interrupted: nothing was changed in the stack {stack!r}."
    steps = Steps()
    try:
        with (
            interrupts.taken(),
            interrupts.shielded(ENDING),
            open_stack(stack, root, create=kind == "up", interrupts=interrupts) as opened,
        ):
            try:
                if kind == "destroy":
                    with plain_errors(stack):
                        require_both_keys(opened, delete_data=delete_data)
                    return run_on(opened, kind, display, steps=steps, interrupts=interrupts)
                planned = _plan(
                    opened, display, interrupts, delete_data=delete_data, refresh=refresh
                )
                if expect_no_changes and planned.changes:
                    raise _differs(stack, planned, refresh=refresh)
                if kind == "preview":
                    return planned
                total = len(planned.changes)
                return run_on(
                    opened,
                    kind,
                    display,
                    refresh=refresh,
                    total=total,
                    steps=steps,
                    interrupts=interrupts,
                )
            finally:
                if interrupts.pending:
                    told = interrupted.how_it_stands(opened, kind, steps)
    except KeyboardInterrupt:
        raise StoppedError(told) from None


def _differs(stack: str, planned: Change, *, refresh: bool) -> DeployError:
    return DeployError(
        f"The stack {stack!r} differs from what its program and settings say: "
        f"{named(planned.changes)}. Nothing was changed; `lakehouse up --stack {stack}"
        f"{' --refresh' if refresh else ''}` makes it so."
    )


def _plan(
    stack: automation.Stack,
    display: Display,
    interrupts: Interrupts,
    *,
    delete_data: bool,
    refresh: bool,
) -> Change:
    """Preview, and refuse what takes data away, also where Pulumi itself stops at it."""
    steps = Steps()
    try:
        planned = run_on(
            stack, "preview", display, refresh=refresh, steps=steps, interrupts=interrupts
        )
    except DeployError:
        require_keys_for(stack.name, steps.changes(), delete_data=delete_data)
        raise
    require_keys_for(stack.name, planned.changes, delete_data=delete_data)
    return planned


@contextmanager
def open_stack(
    stack: str,
    root: Path = ROOT,
    *,
    create: bool,
    program: Callable[[], None] | None = None,
    environment: dict[str, str] | None = None,
    interrupts: Interrupts | None = None,
) -> Iterator[automation.Stack]:
    """Open a stack on copies of its project and settings files.

    Args:
        stack: the stack's name.
        root: the folder of the Pulumi project.
        create: make the stack in Pulumi's backend when it is not there yet.
        program: instead of the lakehouse program.
        environment: further variables for the CLI, such as a backend and a passphrase.
        interrupts: what passes a signal on to the CLI; without it none reaches it.

    Raises:
        StackError, UsageError, PipelineBusyError, DeployError: as `deploy`.
    """
    settings = root / f"Pulumi.{stack}.yaml"
    if not settings.is_file():
        known = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise StackError(
            f"There is no stack {stack!r}: {settings} does not exist. Known stacks: "
            f"{', '.join(known) or 'none'}. Copy one of their files to begin a new stack."
        )
    with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
        for file in (root / "Pulumi.yaml", settings):
            shutil.copy(file, folder)
        with plain_errors(stack):
            make = automation.create_or_select_stack if create else automation.select_stack
            opened = make(
                stack,
                project_name=PROJECT,
                program=program or _program,
                opts=automation.LocalWorkspaceOptions(
                    work_dir=folder,
                    env_vars=environment,
                    pulumi_command=PulumiCli(interrupts or Interrupts(lambda _: None)),
                ),
            )
        yield opened


def _program() -> None:
    from lakehouse.program import program  # noqa: PLC0415

    program()
