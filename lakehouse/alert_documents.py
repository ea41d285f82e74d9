"""The documents behind the alerts, as plain data: policy, event patterns, dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.naming import Names

_PUBLISHERS = ("events.amazonaws.com", "cloudwatch.amazonaws.com")
_BUDGETS = "budgets.amazonaws.com"


@dataclass(frozen=True)
class Event:
    """What EventBridge looks for, and the sentence that it makes of what it finds."""

    description: str
    pattern: dict[str, Any]
    paths: dict[str, str]
    template: str
    """A JSON string with the names of the paths in angle brackets."""


def failed_job(names: Names) -> Event:
    """A run of the job that did not succeed ("AWS Glue events" of EventBridge)."""
    return Event(
        description="Runs of the job that failed, took too long or were stopped",
        pattern={
            "source": ["aws.glue"],
            "detail-type": ["Glue Job State Change"],
            "detail": {"jobName": [names.job], "state": ["FAILED", "TIMEOUT", "STOPPED"]},
        },
        paths={
            "message": "$.detail.message",
            "run": "$.detail.jobRunId",
            "state": "$.detail.state",
            "time": "$.time",
        },
        template=f'"Glue job {names.job}: run <run> ended as <state> at <time>. <message> '
        f'Its log: {names.log_groups["job_error"]}"',
    )


def failed_crawl(names: Names) -> Event:
    """A crawl that failed; EventBridge writes a crawler's states with one capital."""
    return Event(
        description="Crawls that failed",
        pattern={
            "source": ["aws.glue"],
            "detail-type": ["Glue Crawler State Change"],
            "detail": {"crawlerName": [names.crawler], "state": ["Failed"]},
        },
        paths={"message": "$.detail.errorMessage", "time": "$.time"},
        template=f'"Glue crawler {names.crawler} failed at <time>. <message> '
        f'Its log: {names.log_groups["crawler"]}"',
    )


def topic_policy(names: Names, topic_arn: str, *, budget: bool) -> dict[str, Any]:
    """Only EventBridge and CloudWatch of this account publish, and only over TLS.

    With a budget, AWS Budgets does too ("Creating an Amazon SNS topic for budget notifications").
    """
    publishers = (*_PUBLISHERS, *((_BUDGETS,) if budget else ()))
    publish = [
        {
            "Sid": service.partition(".")[0].capitalize(),
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": names.account.id}},
        }
        for service in publishers
    ]
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [*publish, tls_only]}


def dashboard(names: Names, namespace: str) -> dict[str, Any]:
    """Runs, how long they took, what failed inside, freshness, and what queries read."""
    job = ["JobName", names.job]
    glue = [*job, "JobRunId", "ALL", "Type", "count"]
    charts: Sequence[tuple[str, list[str], str]] = (
        ("Runs that succeeded", [namespace, "LastSuccess", *job], "Sum"),
        ("Time in runs (ms)", ["Glue", "glue.driver.aggregate.elapsedTime", *glue], "Sum"),
        ("Failed tasks", ["Glue", "glue.driver.aggregate.numFailedTasks", *glue], "Sum"),
        ("Bytes that the job read", ["Glue", "glue.driver.aggregate.bytesRead", *glue], "Sum"),
        (
            "Bytes that queries read",
            ["AWS/Athena", "ProcessedBytes", "WorkGroup", names.workgroup],
            "Sum",
        ),
    )
    return {
        "widgets": [
            {
                "type": "metric",
                "x": 12 * (number % 2),
                "y": 6 * (number // 2),
                "width": 12,
                "height": 6,
                "properties": {
                    "title": title,
                    "metrics": [metric],
                    "stat": stat,
                    "period": 3600,
                    "region": names.account.region,
                    "view": "timeSeries",
                },
            }
            for number, (title, metric, stat) in enumerate(charts)
        ]
    }
