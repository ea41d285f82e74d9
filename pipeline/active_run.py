"""The run of the Glue job that is under way: who started it, what it does, and how to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import RunFailedError
from pipeline.wait import Clock, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipeline.aws import Aws

INGEST = "ingest"
REPROCESS = "reprocess"

RUN_ID_ARGUMENT = "--run_id"
"""The job argument that carries the pipeline's run id."""

UNDER_WAY = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
"""Job run states that change by themselves; every other one is final."""

TASK_ARGUMENT = "--task"
"""The job argument that says what a run does; without it, a run ingests."""

GRACE = 20 * 60.0
"""Seconds beyond the job's own timeout, for the time that Glue needs to start and stop it."""


@dataclass(frozen=True)
class Active:
    """A job run that is under way."""

    job_run_id: str
    state: str
    run_id: str
    """The run id under which the job reports: the pipeline's, or Glue's own of a scheduled run."""
    task: str
    since: datetime | None

    def __str__(self) -> str:
        """Describe it for a message."""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        return f"job run {self.job_run_id} ({self.task}, {self.state}{since})"


def active(aws: Aws, job_name: str) -> Active | None:
    """Find the run of the job that is under way, whoever started it."""
    for run in aws.glue.get_job_runs(JobName=job_name, MaxResults=50)["JobRuns"]:
        if run["JobRunState"] in UNDER_WAY:
            arguments = run.get("Arguments", {})
            return Active(
                run["Id"],
                run["JobRunState"],
                arguments.get(RUN_ID_ARGUMENT, run["Id"]),
                arguments.get(TASK_ARGUMENT, INGEST),
                run.get("StartedOn"),
            )
    return None


def stop(aws: Aws, job_name: str, clock: Clock, on_state: Callable[[str], None]) -> Active | None:
    """Stop the run that is under way and wait for its end; None when there was none.

    Raises:
        RunFailedError: Glue refused to stop it.
        OutOfTimeError: it was still under way long after.
    """
    found = active(aws, job_name)
    if found is None:
        return None
    refused = aws.glue.batch_stop_job_run(JobName=job_name, JobRunIds=[found.job_run_id])["Errors"]
    still = active(aws, job_name) if refused else None
    if still is not None and still.job_run_id == found.job_run_id:
        why = refused[0].get("ErrorDetail", {}).get("ErrorMessage", "without a reason")
        raise RunFailedError(f"Glue refused to stop {found} of {job_name}: {why}")

    def look() -> str | None:
        run = aws.glue.get_job_run(JobName=job_name, RunId=found.job_run_id)["JobRun"]
        on_state(run["JobRunState"])
        return None if run["JobRunState"] in UNDER_WAY else run["JobRunState"]

    wait_for(look, what=f"the end of {found}", timeout=GRACE, clock=clock)
    return found
