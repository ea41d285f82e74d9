"""`lakehouse serve`: localaws in the foreground, over the data of a local run if asked."""

from __future__ import annotations

import shlex
import signal
from typing import TYPE_CHECKING, Any, NoReturn

from localaws.errors import PortInUseError
from pipeline import local
from pipeline.errors import RunFailedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from localaws.process import Server


def serve(
    port: int,
    state: Path | None,
    *,
    with_stack: bool,
    ready: Callable[[dict[str, Any], str], None],
) -> None:
    """Serve until Ctrl-C or SIGTERM, which end it cleanly.

    Args:
        port: on 127.0.0.1; 0 picks a free one.
        state: the folder of a `lakehouse run --local --state`, or a new one; None keeps nothing.
        with_stack: create the local stack before saying that all is ready.
        ready: called once with what to tell, as a document and as text.

    Raises:
        UsageError: the port is taken.
        localaws.errors.LocalawsError: the state folder cannot be used.
        RunFailedError: the server ended by itself.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with local.server(state, port) as running:
            if with_stack:
                local.provision(running, state)
            ready(*_announcement(running, state, with_stack=with_stack))
            running.wait()
            raise RunFailedError(
                f"localaws at {running.endpoint} ended by itself. Its last words: "
                f"{running.log().strip()[-500:] or 'none'}"
            )
    except PortInUseError as error:
        raise UsageError(
            f"Port {port} on 127.0.0.1 is taken. Stop what listens there, or pass --port 0 for a "
            "free one."
        ) from error
    except KeyboardInterrupt:
        return


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _announcement(
    running: Server, state: Path | None, *, with_stack: bool
) -> tuple[dict[str, Any], str]:
    environment = running.environment()
    document = {
        "status": "serving",
        "endpoint": running.endpoint,
        "environment": environment,
        "state": None if state is None else str(state),
    }
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines = [
        f"localaws serves AWS at {running.endpoint}, for this machine only.",
        f"Data: {state}" if state else "Data is kept in memory and gone at the end.",
        "",
        "In another shell, for any AWS client:",
        *(f"  {line}" for line in exports),
        "",
    ]
    if with_stack or (state is not None and (state / local.STATE_FILE).is_file()):
        lines.append(
            "The local stack is there: aws ssm get-parameter --name /lakehouse/local/outputs"
        )
    else:
        lines.append(
            "No stack is there yet: start again with --with-stack, or `pulumi up --stack local`."
        )
    lines.append("Ctrl-C stops it.")
    return document, "\n".join(lines)
