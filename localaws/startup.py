"""What comes before moto: the port and the folders, so that a wrong one is told at once."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import socket
from typing import TYPE_CHECKING, Final

from localaws.errors import LocalawsError, PortInUseError
from localaws.folders import HeldFolder, WorkFolder
from localaws.services import Services
from localaws.state_database import DATABASE, connect

if TYPE_CHECKING:
    from pathlib import Path

HOST: Final = "127.0.0.1"


def serve(*, port: int, state: Path | None, exit_with_parent: bool) -> None:
    """Serve until SIGTERM, SIGINT or, with `exit_with_parent`, the end of standard input.

    Prints one line of JSON with the endpoint and the process id when requests may come, and
    nothing else, on standard output. Raises `PortInUseError` or a `StateError`.
    """
    with contextlib.ExitStack() as stack:
        if state is not None:
            stack.enter_context(HeldFolder(state))
            connect(state / DATABASE).close()  # a format that cannot be read is told at once
        listener = stack.enter_context(_listen(port))
        work = stack.enter_context(WorkFolder())
        services = Services(work_dir=work.path)
        stack.callback(services.shut_down)
        services.endpoint = f"http://{HOST}:{listener.getsockname()[1]}"
        _prepare_moto(services)
        # Importing the server imports moto, which takes most of the start and reads the
        # environment that was just prepared.
        server = importlib.import_module("localaws.server")
        server.run(services, listener, state=state, exit_with_parent=exit_with_parent)


def _listen(port: int) -> socket.socket:
    """Bind the loopback port before anything slow, so that a taken one is told at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} of {HOST} is taken; stop the program that listens there, "
                "or give --port another number (0 picks a free one)"
            ) from None
        raise LocalawsError(f"cannot listen on port {port} of {HOST}: {error}") from None
    return listener


def _prepare_moto(services: Services) -> None:
    """Set what moto reads from its environment; this must come before moto is imported."""
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page reads what is stored here
    for profile in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(profile, None)  # moto would look it up in the user's files
    os.environ["MOTO_PORT"] = services.endpoint.rpartition(":")[2]
