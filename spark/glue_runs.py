"""What Glue knows about the runs of the job: whether another writer has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from spark.storage import RETRIES

if TYPE_CHECKING:
    from spark.lease import Writer

_ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
"""The terminal states of a job run (AWS Glue API, JobRunState)."""


def has_ended(writer: Writer) -> bool:
    """Whether Glue says that the writer's job run has ended.

    False where Glue cannot tell: for a writer outside Glue, or without the permission
    glue:GetJobRun. Then only the expiry of its lease ends a writer.
    """
    if not writer.job_name or not writer.job_run_id:
        return False
    try:
        glue = boto3.client("glue", config=RETRIES)
        run = glue.get_job_run(JobName=writer.job_name, RunId=writer.job_run_id)
    except (ClientError, BotoCoreError) as error:
        print(f"cannot tell whether run {writer.run_id} has ended: {error}")  # noqa: T201 # the log
        return False
    return run["JobRun"]["JobRunState"] in _ENDED
