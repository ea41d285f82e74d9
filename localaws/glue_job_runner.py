"""Runs the script of one Glue job, in a process of its own that localaws starts.

The process waits for its order, one line of JSON on standard input. If none comes for a while, it
uses the time to import Spark Connect's client, so that a runner started ahead of time has a session
at once. Standard input stays open after that: its end means that localaws is gone, and takes this
whole process group along, since a job must not go on committing to tables that nobody serves.

The file imports nothing of localaws and runs as a script, so the job sees neither the package nor
the folder it lies in.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import importlib.abc
import json
import logging
import os
import runpy
import select
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType

_LONGEST_MESSAGE = 4096
"""Characters of an error message that are reported; some of Spark's carry a whole plan."""

_status = 0
_server: Any = None
"""Sail: kept until the end, since it stops when collected and its client then retries for long."""


class _NoAwsglue(importlib.abc.MetaPathFinder):
    """Says why `awsglue` is missing; asked last, so that a copy the job brings along is found."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the signature is importlib's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "awsglue":
            return None
        raise ModuleNotFoundError(
            "localaws has no awsglue: use SparkSession.builder.getOrCreate() for the session and "
            "argparse for the arguments, or guard the import with `except ImportError`",
            name=fullname,
        )


def _leave() -> NoReturn:
    """End the process at once: tearing down Sail and the interpreter takes 0.3 s for nothing."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # the script closed it, or localaws is gone
    os._exit(_status)


def _end_group() -> NoReturn:
    """Kill this process and what it started, if it leads a group; else only this process."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _end_with(orders: BinaryIO) -> None:
    """End the process when `orders`, the pipe from localaws, reaches its end."""
    while orders.read(4096):
        pass
    _end_group()


def _await_order(orders: BinaryIO, idle: float) -> dict[str, Any]:
    """Return the order when it comes, and import the engine if that takes over `idle` seconds."""
    if not select.select([orders], [], [], idle)[0]:
        with contextlib.suppress(ImportError):  # told when a job needs it
            _load_engine()
    line = bytearray()
    while not line.endswith(b"\n"):
        part = orders.read(65536)
        if not part:
            _end_group()
        line += part
    order: dict[str, Any] = json.loads(line)
    return order


def _load_engine() -> None:
    """Import what takes a job most of the way to its session: 0.7 of 0.8 s."""
    importlib.import_module("pysail.spark")
    importlib.import_module("pyspark.sql.connect.session")


def _start_engine() -> str:
    """Start Sail and return the address for Spark Connect."""
    global _server  # noqa: PLW0603 - it must outlive the script
    try:
        from pysail.spark import SparkConnectServer  # noqa: PLC0415 - it reads the environment
    except ImportError as error:
        raise ImportError(
            f"localaws runs Glue jobs with Sail, and {error}: run `pip install pysail "
            f"pyspark-client` in the environment of {sys.executable}"
        ) from error
    _server = SparkConnectServer()
    _server.start()
    _, port = _server.listening_address
    return f"sc://127.0.0.1:{port}"


def _run(order: dict[str, Any]) -> None:
    """Start Sail and run the script of `order` as Glue does."""
    os.environ.update(order["environment"])  # Sail reads it when it starts
    os.environ["SPARK_REMOTE"] = _start_engine()
    script: str = order["script"]
    sys.argv = [script, *order["arguments"]]
    sys.path[:0] = [str(Path(script).parent), *order["python_path"]]
    sys.meta_path.append(_NoAwsglue())
    runpy.run_path(script, run_name="__main__")


def _from_script(trace: TracebackType | None, script: str) -> TracebackType | None:
    """Return the part of `trace` that begins in the script, without the runner's own frames."""
    while trace is not None and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    return trace


def _attempt(order: dict[str, Any]) -> tuple[int, str | None]:
    """Run the order; return the exit status and, for an error, the message to report."""
    try:
        _run(order)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return (stop.code or 0) & 0xFF, None
        print(stop.code, file=sys.stderr)  # noqa: T201 - what Python itself does with it
        return 1, str(stop.code)
    except BaseException as error:  # noqa: BLE001 - whatever ends the script is reported
        trace = _from_script(error.__traceback__, order["script"])
        traceback.print_exception(type(error), error, trace)
        return 1, f"{type(error).__name__}: {error}"
    return 0, None


def main() -> None:
    """Wait for an order on standard input and carry it out.

    The command line gives the number of an open file descriptor, to which lines of JSON report
    `{"state": "RUNNING"}` and, when the script raised, `{"error": message}`; and the seconds to
    wait for an order before the engine is imported ahead of it.
    """
    global _status
    atexit.register(_leave)  # registered first, so it runs after every handler of the script
    report_to = int(sys.argv[1])
    os.set_inheritable(report_to, False)
    orders = os.fdopen(os.dup(0), "rb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    def report(**fields: str) -> None:
        os.write(report_to, json.dumps(fields).encode() + b"\n")

    order = _await_order(orders, idle=float(sys.argv[2]))
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
    report(state="RUNNING")
    _status, failure = _attempt(order)
    if failure is not None:
        report(error=failure[:_LONGEST_MESSAGE])


if __name__ == "__main__":
    main()
