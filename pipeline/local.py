"""The stack on this machine: localaws as a child process, provisioned by the same program.

A state folder holds `aws/` (what localaws keeps) and `stack.json` (what was provisioned).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING

from localaws import bridge, process
from pipeline.errors import RunFailedError, StackError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.target import Target
    from pipeline.wait import Clock

STACK = "local"
"""The stack's name; its settings are in `Pulumi.local.yaml`."""

PROJECT = "lakehouse"
"""The project's name, as in `Pulumi.yaml`."""

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the Pulumi project."""

STATE_FILE = "stack.json"
"""What was provisioned, beside localaws's own folder in the state folder."""


@contextmanager
def server(state: Path | None, port: int = 0) -> Iterator[process.Server]:
    """Run localaws over the state folder for the length of the block.

    Raises:
        localaws.errors.LocalawsError: the state folder or the port cannot be used.
        RunFailedError: localaws ended in the middle of the block.
    """
    folder = None if state is None else state / "aws"
    with _straight(), process.start(state=folder, port=port) as running:
        try:
            yield running
        except Exception as error:
            # Whatever failed, failed because nobody answered any more.
            require_alive(running, state, error)
            raise


@contextmanager
def _straight() -> Iterator[None]:
    """Have every client in this process, and in its children, reach localaws past any proxy."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, hosts in before.items():
        os.environ[name] = ",".join(filter(None, [hosts, "127.0.0.1"]))
    try:
        yield
    finally:
        for name, hosts in before.items():
            if hosts is None:
                del os.environ[name]
            else:
                os.environ[name] = hosts


def require_alive(
    running: process.Server, state: Path | None, error: Exception | None = None
) -> None:
    """Do nothing while localaws runs.

    Raises:
        RunFailedError: it has ended by itself.
    """
    status = running.ended()
    if status is None or isinstance(error, RunFailedError):
        return
    how = f"was ended by signal {Signals(-status).name}" if status < 0 else f"ended ({status})"
    said = running.log().strip().splitlines()
    words = f"; its last words: {said[-1]}" if said else ""
    again = "Run again; with --state DIR, what was done would be kept."
    if state is not None:
        again = "No input is lost: run again with the same --state."
    raise RunFailedError(
        f"localaws, the AWS on this machine, {how} in the middle of the work{words}. {again}"
    ) from error


class WatchfulClock:
    """A clock for those who wait for localaws: it notices when that is gone."""

    def __init__(self, clock: Clock, running: process.Server, state: Path | None) -> None:
        self._clock = clock
        self._running = running
        self._state = state

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds, unless localaws has ended."""
        self._clock.sleep(seconds)
        require_alive(self._running, self._state)


def provision(running: process.Server, state: Path | None) -> Target:
    """Bring the local stack up to date with the program; nothing is done when it already is.

    Raises:
        UsageError: `Pulumi.local.yaml` is missing or not what it should be.
        localaws.errors.LocalawsError: a resource could not be created.
    """
    config = settings()
    environment = running.environment()
    bridge.provision(
        _program,
        project=PROJECT,
        stack=STACK,
        config=config,
        endpoint=running.endpoint,
        region=config.get("aws:region", environment["AWS_REGION"]),
        state=None if state is None else state / STATE_FILE,
        fingerprint=bridge.fingerprint([ROOT / "lakehouse", ROOT / "spark"], config),
    )
    return opened(running)


def opened(running: process.Server) -> Target:
    """Open the local stack as it is, through its SSM parameter as on AWS.

    Raises:
        StackError: nothing was provisioned there yet.
    """
    from pipeline.aws import Aws  # noqa: PLC0415
    from pipeline.outputs import read_outputs  # noqa: PLC0415
    from pipeline.target import Target  # noqa: PLC0415

    aws = Aws.on_endpoint(running.endpoint, running.environment())
    try:
        return Target(STACK, aws, read_outputs(aws, STACK))
    except StackError as error:
        raise StackError(
            f"The local stack is not there, or not whole: {error} A state folder cannot lose one "
            "of its parts: if that happened, remove it and run again."
        ) from error


def require_state(state: Path | None) -> Path:
    """Return the state folder of a command that needs data from an earlier run.

    Raises:
        StackError: there is no such folder, or no run was made with it.
    """
    if state is None:
        raise StackError(
            "There is no data to work on: pass --state DIR, the folder of an earlier "
            "`lakehouse run --local --state DIR`."
        )
    if not (state / STATE_FILE).is_file():
        raise StackError(
            f"{state} is no state folder of a local stack. Make one with `lakehouse run --local "
            f"--state {state} --source DIR`."
        )
    return state


def settings(file: Path = ROOT / f"Pulumi.{STACK}.yaml") -> dict[str, str]:
    """Read the stack's settings as Pulumi hands them to a program: flat, every value a string.

    Raises:
        UsageError: the file is missing or no YAML.
        localaws.errors.UnsupportedError: it holds a secret, which only Pulumi can open.
    """
    from yaml import YAMLError  # noqa: PLC0415

    try:
        return bridge.stack_config(file)
    except OSError as error:
        raise UsageError(
            f"The settings of the local stack, {file}, cannot be read ({error.strerror}). Restore "
            "the file from the repository."
        ) from error
    except YAMLError as error:
        raise UsageError(f"{file} is not valid YAML: {error}") from error


def _program() -> None:
    """Import the Pulumi program only when it has to run: that takes seconds."""
    from lakehouse.program import program  # noqa: PLC0415

    program()
