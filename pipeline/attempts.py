"""Run the job, and again under the same run id when it failed of something that may pass.

Glue itself never retries (docs/adr/0006): it would start a run that nobody asked for, and whose end
nobody waits for. Every step of the job may be repeated (docs/adr/0004), so that a second attempt
finishes what the first has left, whichever of them wrote what.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.cost import NOTHING, Usage, used
from pipeline.errors import PipelineBusyError, RunFailedError
from pipeline.failure_kinds import LEASE_HELD
from pipeline.job import NO_ARGUMENTS, ended, start
from pipeline.job_failure import Failure, why
from pipeline.request import RETRIES
from pipeline.wait import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.aws import Aws
    from pipeline.progress import Stages

SHORTEST_PAUSE = 1.0
"""Seconds before another attempt: a laptop, which knows no crowd, goes on at once."""

LONGEST_PAUSE = 60.0
"""Seconds: what troubled a run of many minutes may last some, too."""

NEXT = (
    "No input is lost: whatever the run did not finish, the next one does. Mend the cause and run "
    "again."
)


@dataclass(frozen=True)
class JobRun:
    """A job run that succeeded, perhaps after others that did not."""

    job_run_id: str
    attempts: int
    usage: Usage = field(default=NOTHING, compare=False)
    """What all the attempts together used."""


def run_job(
    aws: Aws,
    job_name: str,
    run_id: str,
    stages: Stages,
    document: dict[str, Any],
    *,
    arguments: Mapping[str, str] = NO_ARGUMENTS,
    log_groups: Mapping[str, str] = NO_ARGUMENTS,
    retries: int = RETRIES,
    attached: str | None = None,
) -> JobRun:
    """Run `job_name` for the pipeline run `run_id` until an attempt succeeds.

    Args:
        aws: the account.
        job_name: the job.
        run_id: every attempt carries it.
        stages: shows what is under way, and has the clock.
        document: gets `job_run_id`, that of the newest attempt, and `attempts`.
        arguments: of the run, as in `--task`; they go before the job's default ones.
        log_groups: those of the stack, for a run that does not say where it logs.
        retries: attempts after the first.
        attached: a job run that is under way, to be waited for instead of starting one. It is not
            repeated: that is up to whoever started it.

    Raises:
        PipelineBusyError: another run of the job is under way, or another writer holds the tables.
        RunFailedError: the last attempt ended in any other state than SUCCEEDED, or none could be
            started.
        StoppedError: Ctrl-C; the job run goes on.
        AccessError: the credentials are no longer good; the job run goes on.
        OutOfTimeError: it was still under way long after its own timeout.
    """
    told: list[dict[str, Any]] = []
    document["attempts"] = told
    failures: list[Failure] = []
    usage = NOTHING
    of = 1 if attached else 1 + retries
    while True:
        number = len(failures) + 1
        earlier = [failure.job_run_id for failure in failures]
        began = stages.clock.now()
        job_run_id = attached or start(
            aws, job_name, run_id, stages.clock, arguments, earlier=earlier
        )
        document["job_run_id"] = job_run_id
        attempt = {"attempt": number, "of": of, "job_run_id": job_run_id, "state": "STARTING"}
        told.append(attempt)

        def on_state(state: str, attempt: dict[str, Any] = attempt) -> None:
            attempt["state"] = state
            again = f", attempt {attempt['attempt']} of {of}" if attempt["attempt"] > 1 else ""
            stages.display.doing(f"{state.lower()}{again}")

        run = ended(aws, job_name, job_run_id, stages.clock, on_state)
        usage += used(run)
        if run["JobRunState"] == "SUCCEEDED":
            return JobRun(job_run_id, number, usage)
        failure = why(aws, job_name, run, log_groups)
        failures.append(failure)
        attempt.update(failure.as_json())
        if failure.kind is LEASE_HELD:
            raise PipelineBusyError(_message(failures, of))
        if not failure.kind.passes or number == of:
            raise RunFailedError(_message(failures, of))
        pause = _pause(stages.clock.now() - began)
        stages.display.note(
            f"attempt {number} of {of}: {failure.headline} ({failure.kind.name}); again in "
            f"{duration(pause)}"
        )
        stages.clock.sleep(pause)


def _pause(took: float, jitter: Callable[[], float] = random.random) -> float:
    """Seconds before the next attempt, by what the last one took; half of it is chance."""
    return min(max(took / 10, SHORTEST_PAUSE), LONGEST_PAUSE) * (0.5 + jitter())


def _message(failures: list[Failure], of: int) -> str:
    """Say why the last attempt failed, what came before it, and what to do."""
    last = failures[-1]
    told = [last.as_text()]
    if of > 1:
        again = "" if last.kind.passes else f", not repeated: {last.kind.name}"
        told.append(f"This was attempt {len(failures)} of {of}{again}.")
    told += [
        f"Attempt {number} of {of}: {failure.headline} ({failure.kind.name})"
        for number, failure in enumerate(failures[:-1], start=1)
    ]
    return "\n".join([*told, NEXT])
