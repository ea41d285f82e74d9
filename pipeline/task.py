"""One run of the job by itself, for the commands that start a task of it: maintain and restore."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pipeline import local
from pipeline.attempts import run_job
from pipeline.errors import RunFailedError, StoppedError
from pipeline.progress import Stages
from pipeline.target import Target, stack_on_aws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.progress import Display
    from pipeline.request import Choice
    from pipeline.wait import Clock

REPORT_VERSION = 1
"""The one version of the job's report that this pipeline reads."""


def run_task(
    choice: Choice,
    arguments: Mapping[str, str],
    document: dict[str, Any],
    display: Display,
    clock: Clock,
    *,
    summary: Callable[[dict[str, Any]], str],
    retries: int,
) -> None:
    """Run one task of the job on the tables that are there, and put its report into `document`.

    Args:
        choice: where to run; the local stack needs the data of an earlier run.
        arguments: the job's arguments, `--task` among them.
        document: holds the `run_id`; filled as the run goes, also when it fails.
        display: shows the stages.
        clock: see `pipeline.wait.Clock`.
        summary: says in a few words what a report tells.
        retries: see `pipeline.attempts.run_job`.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    run_id: str = document["run_id"]
    document["target"] = choice.stack or local.STACK
    if choice.local:
        local.require_state(choice.state)
    stages = Stages(display, clock)
    try:
        with ExitStack() as open_things:
            target = open_target(choice, stages, open_things)
            with stages.stage("job") as stage:
                run_job(
                    target.aws,
                    target.outputs.job_name,
                    run_id,
                    stages,
                    document,
                    arguments=arguments,
                    log_groups=target.outputs.log_groups,
                    retries=retries,
                )
                report = job_report(target, run_id)
                document.update({key: report[key] for key in report.keys() - {"version"}})
                stage.summary = summary(report)
        document["status"] = "succeeded"
    except StoppedError as error:
        if not choice.local:
            raise
        raise StoppedError(
            "Stopped, and the local stack with it. No row is lost: run the same command again."
        ) from error
    finally:
        document["stages"] = [stage.as_json() for stage in stages.done]


def open_target(choice: Choice, stages: Stages, open_things: ExitStack) -> Target:
    """Open the chosen stack; the local one is started and brought up to date first.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    if choice.stack is not None:
        return stack_on_aws(choice.stack, choice.region)
    with stages.stage("provision") as stage:
        stages.display.doing("starting localaws")
        running = open_things.enter_context(local.server(choice.state))
        stages.clock = local.WatchfulClock(stages.clock, running, choice.state)
        stages.display.doing("creating what the Pulumi program declares")
        target = local.provision(running, choice.state)
        kept = f"kept in {choice.state}" if choice.state else "forgotten at the end"
        stage.summary = f"the local stack, {kept}"
    return target


def job_report(target: Target, run_id: str) -> dict[str, Any]:
    """Read what the job wrote about its run.

    Raises:
        RunFailedError: there is no report, or it has a version that this pipeline does not read.
    """
    bucket = target.outputs.bucket_names["processing-zone"]
    key = f"reports/{run_id}.json"
    try:
        body = target.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise RunFailedError(
            f"The job succeeded but left no report at s3://{bucket}/{key}. Deploy the stack again "
            "so that job and pipeline are of one release."
        ) from error
    report: dict[str, Any] = json.loads(body)
    if report.get("version") != REPORT_VERSION:
        raise RunFailedError(
            f"The job's report s3://{bucket}/{key} has version {report.get('version')!r}, and this "
            f"pipeline reads version {REPORT_VERSION}. Deploy the stack again with this release."
        )
    return report
