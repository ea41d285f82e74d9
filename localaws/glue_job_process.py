"""The process of one Glue job run: started ahead, given its order, watched, killed, cleaned up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RUNNER: Final = Path(__file__).with_name("glue_job_runner.py")
_STRAGGLERS: Final = 5.0
"""Seconds to wait for the end of output that a process outside the job's group still holds open."""


def _environment(folder: Path) -> dict[str, str]:
    """Return what every job process has: no secret and no setting of the user's is inherited."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "PYTHONUSERBASE": site.getuserbase(),  # HOME is the job's own, packages may be the user's
        "RUST_LOG": "error",  # else Sail's own progress fills the job's error log
    }


def _pump(descriptor: int, sink: Callable[[list[str]], None]) -> None:
    """Hand the lines that arrive on `descriptor` to `sink`, as many at a time as are there."""
    rest = b""
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        while chunk := stream.read(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            if whole:
                sink([line.decode(errors="replace").rstrip("\r") for line in whole])
    if rest:
        sink([rest.decode(errors="replace")])


class JobProcess:
    """A runner process with a work folder of its own, which waits for one order.

    It leads a process group, so that `kill` ends whatever the script started, and ends by itself
    when localaws does, however that ends.
    """

    def __init__(self, parent: Path, *, idle: float) -> None:
        """Start a runner which, given no order for `idle` seconds, warms up."""
        parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="job-", dir=parent))
        self._exited = threading.Event()
        self._reaping = threading.Lock()
        self._pumps: list[threading.Thread] = []
        report, report_end = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", str(_RUNNER), str(report_end), str(idle)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env=_environment(self.folder),
                pass_fds=[report_end],
                start_new_session=True,
            )
        finally:
            os.close(report_end)
        self._report = report

    def waits(self) -> bool:
        """Whether the runner is there to take an order; a system short of memory may kill it."""
        with self._reaping:
            return self._popen.poll() is None

    def run(
        self,
        order: dict[str, Any],
        *,
        output: Callable[[list[str]], None],
        errors: Callable[[list[str]], None],
        report: Callable[[dict[str, str]], None],
    ) -> None:
        """Send the order; from now on lines of output and reports go to the given functions."""
        assert self._popen.stdin is not None  # noqa: S101 - opened as pipes just above
        assert self._popen.stdout is not None  # noqa: S101
        assert self._popen.stderr is not None  # noqa: S101

        def reported(lines: Iterable[str]) -> None:
            for line in lines:
                report(json.loads(line))

        def watch() -> None:
            _pump(self._report, reported)
            self._exited.set()

        self._pumps = [
            threading.Thread(target=_pump, args=(os.dup(stream.fileno()), sink), daemon=True)
            for stream, sink in ((self._popen.stdout, output), (self._popen.stderr, errors))
        ]
        for thread in (*self._pumps, threading.Thread(target=watch, daemon=True)):
            thread.start()
        try:
            self._popen.stdin.write(json.dumps(order).encode() + b"\n")
            self._popen.stdin.flush()
        except BrokenPipeError:
            return  # it was killed already: `wait` tells

    def wait(self, seconds: float) -> int | None:
        """Return the exit status once all output was handed over, or None after `seconds`.

        What the job left running in its group is killed. A negative status is a signal's number.
        """
        if not self._exited.wait(seconds):
            return None
        self.kill()  # what it left behind
        with self._reaping:
            status = self._popen.wait()
        for thread in self._pumps:
            thread.join(_STRAGGLERS)
        return status

    def kill(self) -> None:
        """Kill the whole process group at once; harmless when it has ended."""
        with self._reaping:
            if self._popen.returncode is not None:
                return  # reaped: its number may belong to another process by now
            try:
                os.killpg(self._popen.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return  # nothing is left of it (macOS reports a zombie as not permitted)

    def close(self) -> None:
        """Kill what still runs and remove the work folder."""
        self.kill()
        with self._reaping:
            self._popen.wait()
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
        if not self._pumps:
            os.close(self._report)
        shutil.rmtree(self.folder, ignore_errors=True)
