"""`lakehouse preview | up | destroy`: the Pulumi program through the Automation API.

The program runs in this process; the Pulumi CLI keeps the state, as it does for `pulumi up` on the
same stack. The CLI works on copies of `Pulumi.yaml` and `Pulumi.<stack>.yaml` in a temporary
folder, so that it can write to them what it likes: the files in the repository are inputs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from pulumi import automation

from pipeline.deletion import require_both_keys
from pipeline.errors import DeployError, PipelineBusyError, StackError, UsageError
from pipeline.local import PROJECT, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.progress import Display

Kind = Literal["preview", "up", "destroy"]

UNCHANGED = frozenset({"same", "read"})
"""Operations that change nothing."""


@dataclass(frozen=True)
class Change:
    """What a command changed, or would change, as numbers of resources by kind of operation."""

    kind: Kind
    stack: str
    operations: dict[str, int]
    outputs: dict[str, Any]
    """The stack's outputs, of an `up` only; secret ones are left out."""

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints."""
        return asdict(self)

    def as_text(self) -> str:
        """Return what people read."""
        changes = {name: count for name, count in self.operations.items() if name not in UNCHANGED}
        words = ", ".join(f"{count} to {name}" for name, count in sorted(changes.items()))
        if self.kind != "preview":
            words = ", ".join(f"{name} {count}" for name, count in sorted(changes.items()))
        same = self.operations.get("same", 0)
        return f"{self.kind} of {self.stack}: {words or 'no change'} ({same} unchanged)"


def deploy(
    kind: Kind, stack: str, display: Display, root: Path = ROOT, *, delete_data: bool = False
) -> Change:
    """Preview, update or destroy a stack.

    Args:
        kind: which of the three.
        stack: its name; its settings are in `Pulumi.<stack>.yaml`.
        display: shows which resource is being worked on.
        root: the folder of the Pulumi project.
        delete_data: for `destroy`, that the data is meant too.

    Raises:
        StackError: there are no settings for the stack, or it was never created.
        UsageError: the Pulumi CLI or the passphrase is missing, the settings are wrong, or a
            destroy would delete data without both keys.
        PipelineBusyError: another update holds the stack.
        DeployError: any other failure; the message ends with what Pulumi said.
    """
    with open_stack(stack, root, create=kind == "up") as opened:
        if kind == "destroy":
            with plain_errors(stack):
                require_both_keys(opened, delete_data=delete_data)
        return run_on(opened, kind, display)


@contextmanager
def open_stack(
    stack: str,
    root: Path = ROOT,
    *,
    create: bool,
    program: Callable[[], None] | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[automation.Stack]:
    """Open a stack on copies of its project and settings files.

    Args:
        stack: the stack's name.
        root: the folder of the Pulumi project.
        create: make the stack in Pulumi's backend when it is not there yet.
        program: instead of the lakehouse program.
        environment: further variables for the CLI, such as a backend and a passphrase.

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
                opts=automation.LocalWorkspaceOptions(work_dir=folder, env_vars=environment),
            )
        yield opened


def run_on(stack: automation.Stack, kind: Kind, display: Display) -> Change:
    """Preview, update or destroy an open stack.

    Raises:
        UsageError, PipelineBusyError, DeployError: as `deploy`.
    """
    display.begin(kind)
    status = "failed"
    seconds = 0.0

    def on_event(event: automation.EngineEvent) -> None:
        nonlocal seconds
        if event.resource_pre_event is not None:
            display.doing(event.resource_pre_event.metadata.urn.rpartition("::")[2])
        if event.summary_event is not None:
            seconds = float(event.summary_event.duration_seconds)

    try:
        with plain_errors(stack.name):
            operations, outputs = _operate(stack, kind, on_event)
        status = "succeeded"
    finally:
        display.end(kind, seconds, status, stack.name)
    return Change(kind, stack.name, operations, outputs)


@contextmanager
def plain_errors(stack: str) -> Iterator[None]:
    """Turn what the Automation API raises into the errors of the command line."""
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            "The Pulumi CLI is not on PATH: preview, up and destroy need it. Install it as "
            "https://www.pulumi.com/docs/install says."
        ) from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"The Pulumi CLI does not start: {error}") from error
    except automation.InvalidVersionError as error:
        raise UsageError(f"The Pulumi CLI on PATH is too old: {error}. Update it.") from error
    except automation.ConcurrentUpdateError as error:
        raise PipelineBusyError(
            f"Another update holds the stack {stack!r}: {_last_words(error)}. Wait for it; if it "
            f"was killed, free the stack with `pulumi cancel --stack {stack}`."
        ) from error
    except automation.StackNotFoundError as error:
        raise StackError(
            f"The stack {stack!r} was never created in the Pulumi backend that you are logged in "
            f"to. Create it with `lakehouse up --stack {stack}`, or check `pulumi whoami -v`."
        ) from error
    except automation.CommandError as error:
        if "PULUMI_CONFIG_PASSPHRASE" in str(error):
            raise UsageError(
                f"The secrets of the stack {stack!r} are under a passphrase: set "
                "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE."
            ) from error
        raise DeployError(
            f"Pulumi did not succeed on the stack {stack!r}: {_said(error)}"
        ) from error


def _operate(
    stack: automation.Stack, kind: Kind, on_event: Callable[[automation.EngineEvent], None]
) -> tuple[dict[str, int], dict[str, Any]]:
    if kind == "preview":
        return _counts(stack.preview(on_event=on_event).change_summary), {}
    if kind == "up":
        result = stack.up(on_event=on_event)
        plain = {name: out.value for name, out in result.outputs.items() if not out.secret}
        return _counts(result.summary.resource_changes), plain
    return _counts(stack.destroy(on_event=on_event).summary.resource_changes), {}


def _counts(changes: Any) -> dict[str, int]:
    return {
        str(getattr(operation, "value", operation)): count
        for operation, count in (changes or {}).items()
    }


def _said(error: automation.CommandError) -> str:
    """Pick the diagnostics out of all that the CLI printed."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    found = re.findall(r"^\s*error: (.+)$", text, flags=re.MULTILINE)
    lines = list(dict.fromkeys(line.strip() for line in found))
    return "; ".join(lines) if lines else _last_words(error)


def _last_words(error: automation.CommandError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    locked = [line for line in lines if "locked by" in line or "currently in progress" in line]
    return (locked or lines or ["no message"])[-1].rstrip(".:")


def _program() -> None:
    from lakehouse.program import program  # noqa: PLC0415

    program()
