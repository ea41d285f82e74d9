"""The Pulumi CLI as a child process that no signal and no broken pipe ends half way.

The Automation API starts it in our own process group with pipes to us. Ctrl-C then reaches both;
Python closes the pipes, and the CLI dies where it writes next: in the middle of its state, with
the lock still there. Here it has a group of its own, and files to write to. A signal reaches it
from us only, and when we are killed it still comes to a proper end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

from pulumi import automation
from pulumi.automation.errors import create_command_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.automation import CommandResult, OnOutput

    from pipeline.interrupts import Interrupts

OPERATIONS = ("preview", "up", "destroy")
"""The commands that end early, in good order, when they are interrupted. The others are short,
and some write the state: they are left alone.
"""


class PulumiCli(automation.PulumiCommand):
    """The `pulumi` on PATH."""

    def __init__(self, interrupts: Interrupts) -> None:
        super().__init__()
        self._interrupts = interrupts

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one command to its end; what it printed is passed on after it.

        The first signal becomes the SIGINT at which Pulumi finishes what it is at and begins
        nothing more; a second one ends it without waiting for AWS.

        Raises:
            KeyboardInterrupt: a signal came before an operation began.
            CommandError: the command failed, or was interrupted.
        """
        operation = args[0] in OPERATIONS
        if operation and self._interrupts.pending:
            raise KeyboardInterrupt
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with _file() as out, _file() as err:
            process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env=environment,
                process_group=0,
            )

            def stop() -> None:
                if operation:
                    process.send_signal(signal.SIGINT)

            with self._interrupts.passed_on(stop):
                try:
                    code = process.wait()
                except KeyboardInterrupt:  # nobody took the signal: it is passed on all the same
                    stop()
                    process.wait()
                    raise
            result = automation.CommandResult(
                stdout=_read(out, on_output), stderr=_read(err, on_error), code=code
            )
        if code != 0:
            raise create_command_error(result)
        return result


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _read(file: IO[str], callback: OnOutput | None) -> str:
    file.seek(0)
    lines = [line.rstrip() for line in file]
    if callback is not None:
        for line in lines:
            callback(line)
    return "\n".join(lines)
