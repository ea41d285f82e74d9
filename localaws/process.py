"""localaws as a child process, for programs and tests that need an AWS of their own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Self

from localaws import errors
from localaws.services import client_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

START_SECONDS = 60.0
STOP_SECONDS = 20.0


def start(
    *,
    state: Path | None = None,
    port: int = 0,
    command: Sequence[str] = (sys.executable, "-m", "localaws"),
) -> Server:
    """Start localaws as a child process and return it when requests may come.

    `state` is the folder that keeps everything between runs; without it all is forgotten at the
    end. Port 0 picks a free one. `command` is another interpreter or a program that extends
    localaws. Raises `PortInUseError`, `StateInUseError`, `StateFormatError` or
    `StateError` with the reason, and `StartError` when the process does not become ready.
    """
    arguments = [*command, "--port", str(port), "--exit-with-parent"]
    if state is not None:
        arguments += ["--state", str(state)]
    try:
        log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the server
    except OSError as error:
        raise errors.StartError(
            f"there is no folder for temporary files that can be written ({error.strerror or error}"
            "): free or mount one, or name one in the environment variable TMPDIR"
        ) from error
    child = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,  # an interrupt at the terminal is for the parent to handle
    )
    server = Server(child, log)
    try:
        server.endpoint = _endpoint(child)
    except errors.StartError as error:
        server.close()
        raise errors.StartError(f"{error}: {server.log()[-2000:]}".rstrip(": \n")) from None
    except BaseException:
        server.close()
        raise
    return server


def _endpoint(child: subprocess.Popen[bytes]) -> str:
    """Wait for the child's first line and return the endpoint in it, or raise what it reports."""
    assert child.stdout is not None  # noqa: S101 - Popen was given a pipe
    late = threading.Timer(START_SECONDS, child.kill)
    late.start()
    line = child.stdout.readline()
    late.cancel()
    if not line:
        raise errors.StartError(f"localaws ended before it was ready (status {child.wait()})")
    report: dict[str, Any] = json.loads(line)
    if "endpoint" in report:
        return str(report["endpoint"])
    kind = getattr(errors, str(report["error"]), errors.StartError)
    raise kind(str(report["message"]))


class Server:
    """A running localaws process; close it, or use it in a `with` statement.

    `endpoint` is the address for any AWS client, `pid` the process id. The child ends when this
    process does, however it ends.
    """

    def __init__(self, child: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self._child = child
        self._log = log
        self._logged = ""
        self.endpoint = ""
        self.pid = child.pid

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point AWS clients at this server."""
        return client_environment(self.endpoint)

    def log(self) -> str:
        """Return what the server wrote to its log: nothing, when all went well."""
        if not self._log.closed:
            self._log.seek(0)
            self._logged = self._log.read().decode(errors="replace")
        return self._logged

    def ended(self) -> int | None:
        """Return the exit status of a server that has ended by itself, else None."""
        return self._child.poll()

    def wait(self) -> int:
        """Wait until the server ends by itself, and return its exit status."""
        return self._child.wait()

    def close(self) -> None:
        """Stop the server and wait until it is gone; closing twice does nothing."""
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self.log()
        self._log.close()

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.close()
