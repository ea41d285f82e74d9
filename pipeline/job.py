"""Start the Glue job once, or attach to its run, wait for the end, and say why it failed.

StartJobRun is not idempotent. Every run therefore carries the pipeline's run id as an argument:
when a reply is lost, the run is looked for by that argument before another is started.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.active_run import GRACE, RUN_ID_ARGUMENT, UNDER_WAY, active
from pipeline.cost import NOTHING, Usage, used
from pipeline.errors import AccessError, PipelineBusyError, RunFailedError, StoppedError
from pipeline.explain import explain
from pipeline.wait import Clock, duration, is_ambiguous, is_throttled, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_glue.type_defs import JobRunTypeDef

    from pipeline.aws import Aws

NO_ARGUMENTS: Mapping[str, str] = MappingProxyType({})
"""For a run that does what the job's default arguments say."""

STARTS = 5
"""Calls of StartJobRun before giving up."""

LOOKS_PER_START = 3
"""Times a run is looked for after a lost reply: a new run takes a moment to be listed."""

LOOKING = 120.0
"""Seconds for a first look at a run, however often AWS puts it off."""

LEASE_HELD = "LeaseHeldError: "
"""How the job's sentence begins when a writer outside this job holds the bronze zone."""

LOG_LINES = 10
"""Lines of the job's log that a failure shows."""


@dataclass(frozen=True)
class JobRun:
    """A job run that succeeded."""

    run_id: str
    seconds: float | None
    """Glue's own execution time."""
    usage: Usage = field(default=NOTHING, compare=False)


def run_job(
    aws: Aws,
    job_name: str,
    run_id: str,
    clock: Clock,
    on_state: Callable[[str], None],
    *,
    arguments: Mapping[str, str] = NO_ARGUMENTS,
    log_groups: Mapping[str, str] = NO_ARGUMENTS,
) -> JobRun:
    """Start `job_name` for the pipeline run `run_id` and wait until it has succeeded.

    `arguments` of the run, as in `--task`, go before the job's default ones; `log_groups` are those
    of the stack, for a run that does not say where it logs.

    Raises:
        PipelineBusyError: another run of the job is under way, or another writer holds the tables.
        RunFailedError: the job ended in any other state than SUCCEEDED, or could not be started.
        StoppedError: Ctrl-C; the job run goes on.
        AccessError: the credentials are no longer good; the job run goes on.
        OutOfTimeError: it was still under way long after its own timeout.
    """
    job_run_id = start(aws, job_name, run_id, clock, arguments)
    return finish(aws, job_name, job_run_id, clock, on_state, log_groups=log_groups)


def finish(
    aws: Aws,
    job_name: str,
    job_run_id: str,
    clock: Clock,
    on_state: Callable[[str], None],
    *,
    log_groups: Mapping[str, str] = NO_ARGUMENTS,
) -> JobRun:
    """Wait until the job run has succeeded; raises as `run_job` does."""

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
        run = wait_for(
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
    if run["JobRunState"] != "SUCCEEDED":
        why = _why(aws, job_name, run, log_groups)
        raise PipelineBusyError(why) if LEASE_HELD in why else RunFailedError(why)
    return JobRun(job_run_id, run.get("ExecutionTime"), used(run))


def start(
    aws: Aws,
    job_name: str,
    run_id: str,
    clock: Clock,
    arguments: Mapping[str, str] = NO_ARGUMENTS,
) -> str:
    """Start exactly one run of `job_name` for `run_id` and return the job run's id.

    Raises:
        PipelineBusyError: another run of the job is under way.
        RunFailedError: Glue did not start it, or never answered.
        StoppedError: Ctrl-C; it may have been started.
    """
    try:
        return _start(aws, job_name, run_id, clock, arguments)
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"Stopped while Glue was asked to start the job {job_name} for run id {run_id}: it may "
            "run. `lakehouse run` with --attach takes it on, with --stop it stops it; both say so "
            "when there is none."
        ) from error


def _start(aws: Aws, job_name: str, run_id: str, clock: Clock, arguments: Mapping[str, str]) -> str:
    problem: Exception | None = None
    for attempt in range(STARTS):
        try:
            reply = aws.glue_once.start_job_run(
                JobName=job_name, Arguments={**arguments, RUN_ID_ARGUMENT: run_id}
            )
        except (ClientError, BotoCoreError) as error:
            problem = error
            if _is_concurrent(error):
                # Perhaps the run that bars ours is ours: an earlier reply may have been lost.
                return _find(aws, job_name, run_id, clock) or _busy(aws, job_name)
            if is_ambiguous(error):
                for _ in range(LOOKS_PER_START):
                    clock.sleep(1.0)
                    if found := _find(aws, job_name, run_id, clock):
                        return found
            elif is_throttled(error):
                clock.sleep(2.0**attempt)
            else:
                raise
        else:
            return reply["JobRunId"]
    raise RunFailedError(
        f"Glue did not start the job {job_name} in {STARTS} attempts ({problem}). Nothing runs for "
        f"run id {run_id}; try again later."
    ) from problem


def _is_concurrent(error: Exception) -> bool:
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    )


def _find(aws: Aws, job_name: str, run_id: str, clock: Clock) -> str | None:
    """Find the job run that carries `run_id`; Glue lists the newest first, so one page does.

    No answer is no "no": to start another run without having looked could start a second one.
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
        if run.get("Arguments", {}).get(RUN_ID_ARGUMENT) == run_id:
            return run["Id"]
    return None


def _busy(aws: Aws, job_name: str) -> str:
    which = active(aws, job_name) or "another run, which has ended meanwhile"
    raise PipelineBusyError(
        f"The job {job_name} is held by {which}. One run at a time writes the tables: attach to it "
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


def _why(aws: Aws, job_name: str, run: JobRunTypeDef, log_groups: Mapping[str, str]) -> str:
    took = run.get("ExecutionTime")
    reason = run.get("ErrorMessage") or run.get("StateDetail") or "Glue gave no reason"
    lines = [
        f"Job run {run['Id']} of {job_name} ended as {run['JobRunState']}"
        + (f" after {duration(took)}" if took is not None else "")
        + f": {_shown(reason.strip())}"
    ]
    named = run.get("LogGroupName") or "/aws-glue/jobs"
    # Under a security configuration Glue writes to groups that the run's own field need not name.
    groups = [f"{named}/output", log_groups.get("job_output"), f"{named}/error"]
    for group in dict.fromkeys([*groups, log_groups.get("job_error")]):
        if group is not None and (tail := _log_tail(aws, group, run["Id"])):
            lines += [f"The last lines of {group}, stream {run['Id']}:"]
            lines += [f"  {_shown(line)}" for line in tail]
            break
    else:
        lines.append(f"Its log, of which nothing could be read: {named}, stream {run['Id']}.")
    lines.append(
        "No input is lost: whatever the run did not finish, the next one does. Mend the cause and "
        "run again."
    )
    return "\n".join(lines)


def _shown(text: str) -> str:
    """The text without what a terminal would obey: names of objects are in it, as anybody made."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def _log_tail(aws: Aws, group: str, stream: str) -> list[str]:
    try:
        events = aws.logs.get_log_events(
            logGroupName=group, logStreamName=stream, limit=LOG_LINES, startFromHead=False
        )["events"]
    except (ClientError, BotoCoreError):
        # No such stream, or not ours to read: the failure is told without its log.
        return []
    return [line for event in events for line in event["message"].rstrip().splitlines()][
        -LOG_LINES:
    ]
