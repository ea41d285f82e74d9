"""What the job tells CloudWatch: that a run succeeded, so that silence can ring an alarm."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from spark.storage import RETRIES

LAST_SUCCESS = "LastSuccess"
"""The metric: 1 for each run that succeeded, by the job's name."""


def publish_success(namespace: str, job_name: str) -> None:
    """Publish that a run of the job has just succeeded.

    A failure to do so is only printed: the data is there, and the alarm will say that it was not
    told.
    """
    data = {
        "MetricName": LAST_SUCCESS,
        "Dimensions": [{"Name": "JobName", "Value": job_name}],
        "Value": 1.0,
        "Unit": "Count",
    }
    try:
        client = boto3.client("cloudwatch", config=RETRIES)
        client.put_metric_data(Namespace=namespace, MetricData=[data])
    except (ClientError, BotoCoreError) as error:
        print(f"cannot publish {LAST_SUCCESS} to {namespace}: {error}")  # noqa: T201 # the log
