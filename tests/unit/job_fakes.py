"""Glue with one job, and CloudWatch Logs with what its runs wrote, for tests of the job stage."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from pipeline.active_run import UNDER_WAY


class FakeGlue:
    """Glue with one job of one concurrent run; `replies` are lost or refused in order."""

    def __init__(self, client_error: Any) -> None:
        self.client_error = client_error
        self.runs: list[dict[str, Any]] = []
        self.faults: list[Any] = []
        self.states = ["STARTING", "RUNNING", "SUCCEEDED"]
        self.end: dict[str, Any] = {"ExecutionTime": 3}
        self.failures: list[dict[str, Any]] = []
        """How the first runs end: each in FAILED, unless it says otherwise; then `states` hold."""
        self.listed_after = 0

    def start_job_run(self, **call: Any) -> dict[str, str]:
        """Start a run, then perhaps lose the reply."""
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, ClientError):
            raise fault
        if any(run["JobRunState"] in UNDER_WAY for run in self.runs):
            raise self.client_error("ConcurrentRunsExceededException")
        run_id = f"jr_{len(self.runs)}"
        self.runs.insert(
            0,
            {
                "Id": run_id,
                "JobRunState": "STARTING",
                "Arguments": call["Arguments"],
                "StartedOn": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
                "Timeout": 10,
            },
        )
        if fault == "lost":
            raise ConnectionClosedError(endpoint_url="http://glue")
        return {"JobRunId": run_id}

    def get_job_runs(self, **_: Any) -> dict[str, Any]:
        """List the newest first, which shows only after some looks."""
        if self.listed_after > 0:
            self.listed_after -= 1
            return {"JobRuns": self.runs[1:]}
        return {"JobRuns": self.runs}

    def get_job_run(self, **call: Any) -> dict[str, Any]:
        """Move the run on by one state with each look."""
        run = next(run for run in self.runs if run["Id"] == call["RunId"])
        if run["JobRunState"] not in UNDER_WAY:
            return {"JobRun": run}
        if self.failures:
            run.update({"JobRunState": "FAILED", "ExecutionTime": 3, **self.failures.pop(0)})
            return {"JobRun": run}
        if len(self.states) > 1:
            run["JobRunState"] = self.states.pop(0)
        else:
            run.update(JobRunState=self.states[0], **self.end)
        return {"JobRun": run}


class FakeLogs:
    """CloudWatch Logs with the output of one run."""

    def __init__(self, client_error: Any) -> None:
        self.client_error = client_error
        self.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")
        self.groups = {"/aws-glue/jobs/output": ["reading 3 files\n", "boom at song 7\n"]}

    def get_log_events(self, **call: Any) -> dict[str, Any]:
        """Answer for the groups that there are."""
        if call["logGroupName"] not in self.groups:
            raise self.client_error("ResourceNotFoundException")
        lines = self.groups[call["logGroupName"]][-call["limit"] :]
        return {"events": [{"message": line} for line in lines]}


class FakeAws:
    """What the job stage uses of `pipeline.aws.Aws`."""

    def __init__(self, client_error: Any) -> None:
        self.glue = self.glue_once = FakeGlue(client_error)
        self.logs = FakeLogs(client_error)
        self.session = SimpleNamespace(region_name="eu-west-1")
