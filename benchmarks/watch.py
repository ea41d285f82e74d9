"""Starts a measured run as a process of its own and watches its memory from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from benchmarks.processes import resident_bytes
from benchmarks.results import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
JVM_PYTHON = ROOT / ".venv-spark35" / "bin" / "python"
"""The environment of Spark on Java; BENCH_JVM_PYTHON names another one."""
_PAUSE = 0.05


class WorkerError(Exception):
    """A measured run failed; its last words say why."""


def jvm_python() -> Path | None:
    """The interpreter that has Spark on Java, or None where there is none."""
    found = Path(os.environ.get("BENCH_JVM_PYTHON", JVM_PYTHON))
    return found if found.exists() else None


def measure(
    *,
    size: str,
    engine: str,
    contender: str,
    scenario: str,
    lake: str,
    environment: Mapping[str, str],
) -> Measured:
    """Run the contender once in a fresh process and return what that took.

    Raises WorkerError, with the end of the process's output, when it fails.
    """
    python = str(jvm_python() if engine == "jvm" else sys.executable)
    with subprocess.Popen(
        [python, "-m", "benchmarks.worker", engine or "none", contender, lake],
        cwd=ROOT,
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": python,
            "RUST_LOG": "error",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        words: list[str] = []
        assert worker.stdout is not None  # noqa: S101 - Popen was given pipes
        assert worker.stderr is not None  # noqa: S101
        listener = threading.Thread(target=_read, args=(worker.stderr, words))
        listener.start()
        peak = _Peak(worker)
        output = worker.stdout.read()
        status = worker.wait()
        listener.join()
        memory = peak.stop()
    if status:
        raise WorkerError(
            f"{contender} on {engine or 'DuckDB'} failed with status {status} at {size}, "
            f"{scenario}:\n{(output + ''.join(words))[-3000:]}"
        )
    told: dict[str, Any] = json.loads(output.splitlines()[-1])
    return Measured(
        size=size,
        engine=engine,
        contender=contender,
        scenario=scenario,
        memory=memory,
        **told,
    )


def _read(stream: IO[str], words: list[str]) -> None:
    words.extend(stream)


class _Peak:
    """The greatest resident memory of a process and its descendants, sampled in a thread."""

    def __init__(self, worker: subprocess.Popen[str]) -> None:
        self._worker = worker
        self._bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._over.wait(_PAUSE):
            self._bytes = max(self._bytes, resident_bytes(self._worker.pid))

    def stop(self) -> int:
        """End the sampling and return the peak, in bytes."""
        self._over.set()
        self._thread.join()
        return self._bytes
