"""What a run cost on AWS, estimated from what Glue and Athena say they used.

Prices are those of us-east-1 in 2026 (pricing pages of AWS Glue and Amazon Athena); requests to S3
and KMS are cents in a thousand runs and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_glue.type_defs import JobRunTypeDef

USD_PER_DPU_HOUR = {"STANDARD": 0.44, "FLEX": 0.29}
"""Glue Spark jobs, by execution class; billed by the second."""

SHORTEST_RUN = 60.0
"""Seconds that Glue bills at least."""

USD_PER_TB_SCANNED = 5.0
"""Athena, by the binary terabyte."""

SMALLEST_SCAN = 10 * 1024**2
"""Bytes that Athena bills for a query at least."""

DPU = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}
"""Data processing units of a worker, by its type."""


@dataclass(frozen=True)
class Usage:
    """What a job run used: hours of a data processing unit, and their price in US dollars."""

    dpu_hours: float
    usd: float

    def __add__(self, other: Usage) -> Usage:
        """Add up what two job runs used."""
        return Usage(self.dpu_hours + other.dpu_hours, self.usd + other.usd)


NOTHING = Usage(0.0, 0.0)


def used(run: JobRunTypeDef) -> Usage:
    """Read the usage of a job run that is over; metered where Glue says it, else by its workers."""
    metered = run.get("DPUSeconds")
    if metered is None:
        seconds = max(float(run.get("ExecutionTime", 0)), SHORTEST_RUN)
        metered = seconds * run.get("NumberOfWorkers", 1) * DPU.get(run.get("WorkerType", ""), 1.0)
    hours = metered / 3600
    return Usage(hours, hours * USD_PER_DPU_HOUR[run.get("ExecutionClass", "STANDARD")])


def estimate(usage: Usage, scans: Iterable[int]) -> dict[str, Any]:
    """Add up a job run and queries, given the bytes that each of them scanned."""
    billed = sum(max(scan, SMALLEST_SCAN) for scan in scans)
    usd = usage.usd + billed / 1024**4 * USD_PER_TB_SCANNED
    return {
        "dpu_hours": round(usage.dpu_hours, 4),
        "bytes_billed": billed,
        "usd": round(usd, 4),
    }
