"""Carries out Glue job runs: each in a process of its own, watched to its end."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from signal import Signals
from typing import TYPE_CHECKING, Any, Final

from localaws.errors import LocalawsError
from localaws.glue_job_process import JobProcess
from localaws.glue_job_run import STOPPED_MEANWHILE, JobRun, order
from localaws.log_streams import LogStream

if TYPE_CHECKING:
    from moto.glue.models import FakeJob

    from localaws.services import Services

log = logging.getLogger(__name__)

MINUTE: Final = 60.0
"""Seconds per unit of a run's Timeout."""
_IDLE_AFTER_RUN: Final = 5.0
"""Seconds: what follows a run (a crawl, a query) may have the processor first."""


@dataclass
class _Work:
    """A run under way: the wish to stop it may come before it has a process."""

    run: JobRun
    process: JobProcess | None = None
    stopping: bool = False
    errors: list[str] = field(default_factory=list)
    raised: str | None = None

    def failure(self, status: int) -> str:
        """Return what ended the script: its exception, else its last words, else its status."""
        if self.raised is not None:
            return self.raised
        if status < 0:
            return f"The job's process was ended by signal {Signals(-status).name}"
        return self.errors[-1] if self.errors else f"SystemExit: {status}"


class JobRuns:
    """Runs jobs, each in a process of its own, with one more process warmed up for the next."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._work: dict[str, _Work] = {}
        self._spare: JobProcess | None = None
        self._closed = False

    def warm_up(self, idle: float) -> None:
        """Have a process ready for the next run: its session comes a second sooner that way.

        `idle` seconds pass before it takes up that second of a processor.
        """
        with self._lock:
            if self._spare is None and not self._closed:
                self._spare = JobProcess(self._services.work_dir, idle=idle)

    def start(self, job: FakeJob, run: JobRun) -> None:
        """Run `run` in the background, and then its retries if it fails."""
        work = _Work(run)
        with self._lock:
            self._work[run.job_run_id] = work
        threading.Thread(target=self._carry_out, args=(job, work), daemon=True).start()

    def stop(self, run: JobRun) -> None:
        """Kill the processes of `run`; it becomes STOPPED when they are gone."""
        with self._lock:
            work = self._work.get(run.job_run_id)
            if work is None:
                return
            work.stopping = True
            if work.process is not None:
                work.process.kill()

    def close(self) -> None:
        """Kill every run and the spare process; the runs are marked as failed."""
        with self._lock:
            self._closed = True
            works, spare = list(self._work.values()), self._spare
            self._spare = None
        with self._services.changing("glue"):
            for work in works:
                work.run.enter("FAILED", STOPPED_MEANWHILE)
        for work in works:
            if work.process is not None:
                work.process.close()
        if spare is not None:
            spare.close()

    def _take_process(self, work: _Work) -> JobProcess | None:
        """Give `work` a process, unless it is to stop already."""
        with self._lock:
            if work.stopping or self._closed:
                return None
            spare, self._spare = self._spare, None
            if spare is not None and not spare.waits():
                spare.close()
                spare = None
            work.process = spare or JobProcess(self._services.work_dir, idle=MINUTE)
            return work.process

    def _carry_out(self, job: FakeJob, work: _Work) -> None:
        run = work.run
        try:
            state, error = self._execute(job, work)
        except LocalawsError as problem:
            state, error = "FAILED", str(problem)
        except Exception as problem:  # a run must end, whatever happens
            if self._closed:
                return  # the server stopped between the start and the order; its end is told
            log.exception("run %s failed", run.job_run_id)
            state, error = "FAILED", f"localaws failed at this run: {problem!r}"
        if work.process is not None:
            work.process.close()
        self._services.persist("logs")
        with self._services.changing("glue"):
            run.enter(state, error)
            with self._lock:
                del self._work[run.job_run_id]
            again = run.state == "FAILED" and run.attempt < (job.max_retries or 0)
            if again and not self._closed:
                self._retry(job, run)
        self.warm_up(_IDLE_AFTER_RUN)

    def _execute(self, job: FakeJob, work: _Work) -> tuple[str, str | None]:
        """Run the job to its end; return the state it ended in and why."""
        run, backend = work.run, job.backend
        place = {"account": backend.account_id, "region": backend.region_name}
        process = self._take_process(work)
        if process is None:
            return "STOPPED", None
        task = order(job, run, process.folder, **place)
        region = {"AWS_REGION": backend.region_name, "AWS_DEFAULT_REGION": backend.region_name}
        task["environment"] = self._services.environment() | region
        streams = [
            LogStream(self._services, group=f"{run.log_group}/{kind}", name=run.job_run_id, **place)
            for kind in ("output", "error")
        ]

        def keep_errors(lines: list[str]) -> None:
            streams[1].write(lines)
            work.errors[:] = [*work.errors, *(line for line in lines if line.strip())][-1:]

        def keep_report(report: dict[str, str]) -> None:
            work.raised = report.get("error", work.raised)
            if state := report.get("state"):
                with self._services.changing("glue"):
                    if run.state == "STARTING":
                        run.enter(state)

        process.run(task, output=streams[0].write, errors=keep_errors, report=keep_report)
        status = process.wait((run.timeout or 0) * MINUTE)
        if status is None:
            process.kill()
            process.wait(MINUTE)
            return "TIMEOUT", f"The run took longer than its timeout of {run.timeout} minutes"
        if work.stopping:
            return "STOPPED", None
        return ("SUCCEEDED", None) if status == 0 else ("FAILED", work.failure(status))

    def _retry(self, job: FakeJob, run: JobRun) -> None:
        again = _new_run(job, run.arguments, attempt=run.attempt + 1, previous=run)
        job.job_runs.append(again)
        self.start(job, again)


def _new_run(
    job: FakeJob, arguments: dict[str, Any] | None, *, attempt: int, previous: JobRun
) -> JobRun:
    """Return the next attempt at `previous`, which failed."""
    again = JobRun(
        job,
        attempt=attempt,
        arguments=arguments,
        job_run_id=previous.job_run_id,
        timeout=previous.timeout,
        worker_type=previous.worker_type,
        number_of_workers=previous.number_of_workers,
        max_capacity=previous.max_capacity,
        security_configuration=previous.security_configuration,
        notification_property=previous.notification_property,
    )
    first = previous.job_run_id.partition("_attempt_")[0]
    again.job_run_id = f"{first}_attempt_{attempt}"
    return again
