"""Glue job runs that really run: StartJobRun, BatchStopJobRun and what GetJobRun tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult
from moto.glue.exceptions import ConcurrentRunsExceededException, EntityNotFoundException
from moto.glue.models import FakeJob, GlueBackend
from moto.glue.responses import GlueResponse

from localaws.glue_job_run import STOPPED_MEANWHILE, TERMINAL, JobRun
from localaws.glue_job_runs import JobRuns
from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

_IDLE_AT_FIRST: Final = 0.2
"""Seconds after which the process for a new job's first run warms up."""


def settle(backend: GlueBackend) -> None:
    """Mark runs that were under way when the previous localaws ended as failed."""
    for job in backend.jobs.values():
        for run in job.job_runs:
            if isinstance(run, JobRun):
                run.enter("FAILED", STOPPED_MEANWHILE)


def install(services: Services) -> None:
    """Make the jobs of moto's Glue really run."""
    runs = JobRuns(services)
    services.on_shutdown(runs.close)

    def restored(backend: GlueBackend) -> None:
        settle(backend)
        if backend.jobs:
            runs.warm_up(_IDLE_AT_FIRST)

    services.on_restore("glue", restored)
    create_job = GlueBackend.create_job

    def create_and_warm_up(self: GlueBackend, *args: Any, **kwargs: Any) -> None:
        create_job(self, *args, **kwargs)
        runs.warm_up(_IDLE_AT_FIRST)

    def start_job_run(
        self: FakeJob,
        *,
        arguments: dict[str, str] | None,
        previous_run_id: str | None,
        **given: Any,
    ) -> str:
        with services.changing("glue"):
            limit = self.execution_property.get("MaxConcurrentRuns", 1)
            if sum(run.status not in TERMINAL for run in self.job_runs) >= limit:
                raise ConcurrentRunsExceededException(
                    f"Concurrent runs exceeded for {self.name}: it may have {limit} at a time"
                )
            merged = {**(self.default_arguments or {}), **(arguments or {})}
            overrides = {key: value or getattr(self, key) for key, value in given.items()}
            run = JobRun(
                self,
                arguments=merged | (self.non_overridable_arguments or {}),
                job_run_id=previous_run_id,
                **overrides,
            )
            self.job_runs.append(run)
        runs.start(self, run)
        return run.job_run_id

    def get_job_runs(self: FakeJob) -> list[Any]:
        return self.job_runs[::-1]

    def batch_stop_job_run(self: GlueResponse) -> ActionResult:
        return ActionResult(_batch_stop(services, runs, self.glue_backend, self.parameters))

    replace(GlueBackend, create_job=create_and_warm_up)
    replace(FakeJob, start_job_run=start_job_run, get_job_runs=get_job_runs)
    replace(GlueResponse, batch_stop_job_run=batch_stop_job_run)


def _batch_stop(
    services: Services, runs: JobRuns, backend: GlueBackend, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Return the reply of BatchStopJobRun, having stopped what can be stopped."""
    name: str = parameters["JobName"]
    known = {run.job_run_id: run for run in backend.get_job(name).job_runs}
    stopped: list[dict[str, str]] = []
    errors: list[dict[str, Any]] = []

    def refuse(run_id: str, code: str, message: str) -> None:
        detail = {"ErrorCode": code, "ErrorMessage": message}
        errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})

    for run_id in parameters["JobRunIds"]:
        run = known.get(run_id)
        if not isinstance(run, JobRun):
            refuse(run_id, EntityNotFoundException("").error_type, f"Job run {run_id} not found")
        elif run.state in TERMINAL:
            refuse(run_id, "InvalidInputException", f"Job run {run_id} is already {run.state}")
        else:
            with services.changing("glue"):
                run.enter("STOPPING")
            runs.stop(run)
            stopped.append({"JobName": name, "JobRunId": run_id})
    return {"SuccessfulSubmissions": stopped, "Errors": errors}
