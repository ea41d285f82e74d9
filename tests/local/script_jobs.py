"""Glue jobs made from the texts of their scripts, and their runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable

TERMINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
PATIENCE = 60.0


class Jobs:
    """Makes jobs from script texts and runs them, for one server."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.glue, self.s3, self.logs = client("glue"), client("s3"), client("logs")
        self.bucket = f"scripts-{uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)

    def create(self, script: str, **settings: Any) -> str:
        """Upload the script and return the name of a new job that runs it."""
        name = f"job-{uuid4().hex}"
        self.s3.put_object(Bucket=self.bucket, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{self.bucket}/{name}.py"}
        role = "arn:aws:iam::123456789012:role/service/etl"
        given = {"Command": command, "Role": role, "GlueVersion": "5.1", **settings}
        self.glue.create_job(Name=name, **given)
        return name

    def state(self, job: str, run_id: str) -> dict[str, Any]:
        """Return the JobRun structure."""
        run: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        return run

    def wait(self, job: str, run_id: str, states: set[str] | None = None) -> dict[str, Any]:
        """Poll until the run is in one of the states, by default a terminal one."""
        deadline = time.monotonic() + PATIENCE
        while (run := self.state(job, run_id))["JobRunState"] not in (states or TERMINAL):
            assert time.monotonic() < deadline, f"still {run}"
            time.sleep(0.02)
        return run

    def run(self, job: str, **parameters: Any) -> dict[str, Any]:
        """Start the job and return the run when it has ended."""
        return self.wait(job, self.glue.start_job_run(JobName=job, **parameters)["JobRunId"])

    def lines(self, group: str, run_id: str) -> list[str]:
        """Return the log lines of a run."""
        reply = self.logs.get_log_events(logGroupName=group, logStreamName=run_id)
        return [event["message"] for event in reply["events"]]

    def output(self, run: dict[str, Any]) -> list[str]:
        """Return what the run printed."""
        return self.lines("/aws-glue/jobs/output", run["Id"])

    def wait_for_line(self, run_id: str) -> str:
        """Return the first line of output of a run under way."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if lines := self.lines("/aws-glue/jobs/output", run_id):
                    return lines[0]
            except self.logs.exceptions.ResourceNotFoundException:
                pass
            time.sleep(0.02)
        raise AssertionError("no output")
