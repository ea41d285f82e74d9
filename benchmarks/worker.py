"""One measured run, in a process of its own: `python -m benchmarks.worker ENGINE CONTENDER LAKE`.

Starts the engine, runs the contender against the environment's S3, and prints as its last line what
that took, as JSON: seconds of session start, seconds and processor seconds of the work, and the
work's steps.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from benchmarks import engines
from benchmarks.processes import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENDERS = ("baseline", "job", "reference")


def main(engine: str, contender: str, lake: str) -> None:
    """Run `contender` on `engine` into the lake (the bucket of bronze and processing zones)."""
    begun = time.perf_counter()
    context = nullcontext() if contender == "reference" else engines.opened(engine)
    run: Callable[[object, str], dict[str, float]]
    run = importlib.import_module(f"benchmarks.{contender}").run
    with context as session:
        started = time.perf_counter()
        used = cpu_seconds(os.getpid())
        steps = run(session, lake)
        measured = {
            "session": started - begun,
            "seconds": time.perf_counter() - started,
            "cpu": cpu_seconds(os.getpid()) - used,
            "steps": steps,
        }
    print(json.dumps(measured))


if __name__ == "__main__":
    main(*sys.argv[1:])
