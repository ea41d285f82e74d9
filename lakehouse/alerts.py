"""Who hears when it does not work: events of failures, an alarm on silence, and a dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse import alert_documents
from lakehouse.documents import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.naming import Names

METRICS_NAMESPACE = "Lakehouse"
"""Of the metric that the job publishes itself."""

_PERIOD_MINUTES = 60
"""An alarm over more than a day has to have periods of an hour at least (PutMetricAlarm)."""


@dataclass(frozen=True)
class AlertsArgs:
    """What is watched, and who is told."""

    names: Names
    key_arn: pulumi.Input[str]
    emails: Sequence[str]
    """Each has to confirm what AWS writes to it before it hears anything else."""
    schedule_gap_minutes: int | None
    """The longest time between two scheduled runs; None where nothing is scheduled."""
    budget: bool = False
    """Whether a budget tells the topic too."""


class Alerts(pulumi.ComponentResource):
    """The topic of everything that needs somebody."""

    topic_arn: pulumi.Output[str]
    """Known once its policy is in force."""

    def __init__(
        self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:alerts:Alerts", name, None, opts)
        self._names = args.names
        self._child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(
            "alerts",
            name=args.names.topic,
            kms_master_key_id=args.key_arn,
            opts=self._child,
        )
        policy = aws.sns.TopicPolicy(
            "alerts",
            arn=topic.arn,
            policy=topic.arn.apply(
                lambda arn: json_text(
                    alert_documents.topic_policy(args.names, arn, budget=args.budget)
                )
            ),
            opts=self._child,
        )
        self.topic_arn = pulumi.Output.all(topic.arn, policy.id).apply(lambda made: str(made[0]))
        for number, email in enumerate(args.emails, start=1):
            aws.sns.TopicSubscription(
                f"email-{number}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=self._child,
            )
        self._tell("job-failed", alert_documents.failed_job(args.names))
        self._tell("crawl-failed", alert_documents.failed_crawl(args.names))
        if args.schedule_gap_minutes is not None:
            self._miss_runs(2 * args.schedule_gap_minutes)
        aws.cloudwatch.Dashboard(
            "overview",
            dashboard_name=args.names.base,
            dashboard_body=json_text(alert_documents.dashboard(args.names, METRICS_NAMESPACE)),
            opts=self._child,
        )
        self.register_outputs({"topic_arn": self.topic_arn})

    def _tell(self, name: str, event: alert_documents.Event) -> None:
        """Send a sentence to the topic for each event of the pattern."""
        rule = aws.cloudwatch.EventRule(
            name,
            name=f"{self._names.base}-{name}",
            description=event.description,
            event_pattern=json_text(event.pattern),
            opts=self._child,
        )
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id="alerts",
            arn=self.topic_arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths=event.paths, input_template=event.template
            ),
            opts=self._child,
        )

    def _miss_runs(self, minutes: int) -> None:
        """Ring when no run succeeded for so long, whatever the reason.

        A run that expires or ends in ERROR, a disabled trigger and a schedule that is gone send no
        event: only the missing success tells of them.
        """
        periods = -(-minutes // _PERIOD_MINUTES)
        aws.cloudwatch.MetricAlarm(
            "freshness",
            name=f"{self._names.base}-freshness",
            alarm_description=f"No run of {self._names.job} succeeded for {periods} hours",
            namespace=METRICS_NAMESPACE,
            metric_name="LastSuccess",
            dimensions={"JobName": self._names.job},
            statistic="Sum",
            period=_PERIOD_MINUTES * 60,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            threshold=1,
            comparison_operator="LessThanThreshold",
            treat_missing_data="breaching",
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=self._child,
        )
