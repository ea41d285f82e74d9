"""How many workers of Glue 1 TB a day takes: a reckoning from what was measured, not a measurement.

What a line costs is what 10x takes longer than 1x, in processor seconds of Spark on Java, its
Python workers with it. What a batch costs beside its lines is one new day at 1x, nearly all of
which is that; meanwhile all workers wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.results import SCENARIOS
from benchmarks.scale import scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Measured

BYTES = 1e12
LINE_BYTES = 446
BATCH_BYTES = (4 * 2**30, 40 * 2**30)
"""`--max_bytes`: the default, and ten times that."""
WORKERS = (5, 10, 20)
CORES = 4
"""Of a G.1X worker, which is one DPU."""
DOLLARS = 0.44
"""A DPU hour in us-east-1, standard execution: the list price of 2026."""


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """What one choice of workers and batches comes to in a day."""

    workers: int
    batch_bytes: int
    hours: float
    dollars: float


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What the reckoning rests on: seconds of a core a line, and seconds a batch."""

    line: float
    batch: float


def basis(measured: Sequence[Measured]) -> Basis | None:
    """What was measured on Java, or None where that did not run at both sizes."""
    runs = {(m.size, m.scenario): m for m in measured if (m.engine, m.contender) == ("jvm", "job")}
    full, day, _ = SCENARIOS
    small, large, one = (runs.get(key) for key in (("1x", full), ("10x", full), ("1x", day)))
    if not (small and large and one):
        return None
    lines = scale("10x").lines - scale("1x").lines
    return Basis(line=(large.cpu - small.cpu) / lines, batch=one.seconds)


def reckon(rests_on: Basis) -> list[Reckoning]:
    """Hours = lines x seconds a line / cores of all workers + batches x seconds a batch.

    The driver is one worker more, and is paid for as long.
    """
    found = []
    for batch_bytes in BATCH_BYTES:
        for workers in WORKERS:
            work = BYTES / LINE_BYTES * rests_on.line / (workers * CORES)
            hours = (work + BYTES / batch_bytes * rests_on.batch) / 3600
            found.append(
                Reckoning(
                    workers=workers,
                    batch_bytes=batch_bytes,
                    hours=hours,
                    dollars=(workers + 1) * hours * DOLLARS,
                )
            )
    return found
