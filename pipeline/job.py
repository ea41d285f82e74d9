"""Start the Glue job once and wait for the end of its run.

StartJobRun is not idempotent. Every run therefore carries the pipeline's run id as an argument:
when a reply is lost, the run is looked for by that argument before another is started.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.active_run import GRACE, RUN_ID_ARGUMENT, UNDER_WAY, active
from pipeline.errors import AccessError, PipelineBusyError, RunFailedError, StoppedError
from pipeline.explain import explain
from pipeline.wait import (
    STARTING,
    Clock,
    duration,
    is_ambiguous,
    is_throttled,
    pause_before,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mypy_boto3_glue.type_defs import JobRunTypeDef

    from pipeline.aws import Aws

NO_ARGUMENTS: Mapping[str, str] = MappingProxyType({})
"""For a run that does what the job's default arguments say."""

LOOKS_PER_START = 3
"""Times a run is looked for after a lost reply: a new run takes a moment to be listed."""

LOOKING = 120.0
"""Seconds for a first look at a run, however often AWS puts it off."""

BARRED = frozenset({"ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"})
"""Error codes with which Glue starts no run beside those that there are."""


def ended(
    aws: Aws,
    job_name: str,
    job_run_id: str,
    clock: Clock,
    on_state: Callable[[str], None],
) -> JobRunTypeDef:
    """Wait until the job run is over, however it ended, and return what Glue says of it.

    Raises:
        RunFailedError: Glue does not answer, or refuses to tell; the job run goes on.
        StoppedError: Ctrl-C; the job run goes on.
        AccessError: the credentials are no longer good; the job run goes on.
        OutOfTimeError: it was still under way long after its own timeout.
    """

    def look() -> JobRunTypeDef | None:
        run = aws.glue.get_job_run(JobName=job_name, RunId=job_run_id)["JobRun"]
        on_state(run["JobRunState"])
        return None if run["JobRunState"] in UNDER_WAY else run

    try:
        described = wait_for(
            lambda: _describe(aws, job_name, job_run_id),
            what=f"word of job run {job_run_id} of {job_name}",
            timeout=LOOKING,
            clock=clock,
        )
        return wait_for(
            look,
            what=f"job run {job_run_id} of {job_name}",
            timeout=60.0 * described.get("Timeout", 480) + GRACE,
            clock=clock,
        )
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"Stopped waiting. Job run {job_run_id} of {job_name} still runs: `lakehouse run` with "
            "--attach waits for it again and goes on from there, with --stop it stops it."
        ) from error
    except (ClientError, BotoCoreError) as error:
        problem = explain(error)
        kind = AccessError if problem.exit_code == AccessError.exit_code else RunFailedError
        raise kind(
            f"{problem.message} Job run {job_run_id} of {job_name} goes on meanwhile: `lakehouse "
            "run` with --attach waits for it again."
        ) from error


def start(
    aws: Aws,
    job_name: str,
    run_id: str,
    clock: Clock,
    arguments: Mapping[str, str] = NO_ARGUMENTS,
    *,
    earlier: Collection[str] = (),
) -> str:
    """Start exactly one run of `job_name` for `run_id` and return the job run's id.

    `arguments` of the run, as in `--task`, go before the job's default ones; `earlier` are job runs
    for the same `run_id` that have ended: none of them is the one that is started here.

    Raises:
        PipelineBusyError: another run of the job is under way.
        RunFailedError: Glue did not start it within `STARTING` seconds, or never answered.
        StoppedError: Ctrl-C; it may have been started.
    """
    try:
        return _start(aws, job_name, run_id, clock, arguments=arguments, earlier=earlier)
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"Stopped while Glue was asked to start the job {job_name} for run id {run_id}: it may "
            "run. `lakehouse run` with --attach takes it on, with --stop it stops it; both say so "
            "when there is none."
        ) from error


def _start(
    aws: Aws,
    job_name: str,
    run_id: str,
    clock: Clock,
    *,
    arguments: Mapping[str, str],
    earlier: Collection[str],
) -> str:
    began, again = clock.now(), 0
    while True:
        try:
            return aws.glue_once.start_job_run(
                JobName=job_name, Arguments={**arguments, RUN_ID_ARGUMENT: run_id}
            )["JobRunId"]
        except (ClientError, BotoCoreError) as error:
            problem = error
        if _is_barred(problem):
            # Perhaps the run that bars ours is ours: an earlier reply may have been lost. Where
            # none is under way, Glue still counts one that has ended, or others in the account.
            if found := _find(aws, job_name, run_id, clock, earlier):
                return found
            _refuse_beside_another(aws, job_name)
        elif is_ambiguous(problem):
            for _ in range(LOOKS_PER_START):
                clock.sleep(1.0)
                if found := _find(aws, job_name, run_id, clock, earlier):
                    return found
        elif not is_throttled(problem):
            raise problem
        if clock.now() - began >= STARTING:
            raise RunFailedError(
                f"Glue did not start the job {job_name} in {duration(clock.now() - began)} "
                f"({problem}). Nothing runs for run id {run_id}; try again later."
            ) from problem
        again += 1
        clock.sleep(pause_before(again))


def _is_barred(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in BARRED


def _find(
    aws: Aws, job_name: str, run_id: str, clock: Clock, earlier: Collection[str]
) -> str | None:
    """Find the job run that carries `run_id` and is no `earlier` one.

    Glue lists the newest first, so one page does. No answer is no "no": to start another run
    without having looked could start a second one.
    """
    try:
        found = wait_for(
            lambda: aws.glue.get_job_runs(JobName=job_name, MaxResults=50)["JobRuns"],
            what=f"the list of runs of {job_name}",
            timeout=LOOKING,
            clock=clock,
        )
    except (RunFailedError, ClientError, BotoCoreError) as error:
        raise RunFailedError(
            f"Glue was asked to start the job {job_name} for run id {run_id}, gave no answer, and "
            f"does not list its runs either ({error}). The run may be under way: `lakehouse run` "
            "with --attach takes it on; without, it starts one if there is none."
        ) from error
    for run in found:
        if run.get("Arguments", {}).get(RUN_ID_ARGUMENT) == run_id and run["Id"] not in earlier:
            return run["Id"]
    return None


def _refuse_beside_another(aws: Aws, job_name: str) -> None:
    other = active(aws, job_name)
    if other is None:
        return
    raise PipelineBusyError(
        f"The job {job_name} is held by {other}. One run at a time writes the tables: attach to it "
        "with --attach, stop it with --stop, or wait for its end and run again. What was uploaded "
        "stays and is taken up then."
    )


def _describe(aws: Aws, job_name: str, job_run_id: str) -> JobRunTypeDef:
    try:
        return aws.glue.get_job_run(JobName=job_name, RunId=job_run_id)["JobRun"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        return {}
