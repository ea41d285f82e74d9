"""Topics, rules, alarms and dashboards, as provisioning makes, changes and removes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pulumi_aws as aws

from localaws.bridge import provision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localaws.process import Server

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


def declare(name: str, text: str) -> None:
    """Everything once, with the text wherever one can be."""
    topic = aws.sns.Topic("t", name=name, display_name=text, kms_master_key_id=KEY)
    statement = {
        "Sid": text,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.sns.TopicPolicy("t", arn=topic.arn, policy=policy)
    aws.sns.TopicSubscription(
        "t", topic=topic.arn, protocol="email", endpoint=f"{text}@example.com"
    )
    rule = aws.cloudwatch.EventRule(
        "r",
        name=name,
        description=text,
        event_pattern=json.dumps({"source": ["aws.glue"], "detail": {"jobName": [text]}}),
    )
    aws.cloudwatch.EventTarget(
        "r",
        rule=rule.name,
        target_id="alerts",
        arn=topic.arn,
        input_transformer={"input_paths": {"run": "$.detail.id"}, "input_template": f'"{text}"'},
    )
    aws.cloudwatch.MetricAlarm(
        "a",
        name=name,
        alarm_description=text,
        namespace="Lakehouse",
        metric_name="LastSuccess",
        dimensions={"JobName": "j"},
        statistic="Sum",
        period=3600,
        evaluation_periods=2,
        datapoints_to_alarm=2,
        threshold=1,
        comparison_operator="LessThanThreshold",
        treat_missing_data="breaching",
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
    )
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": text}}]})
    aws.cloudwatch.Dashboard("d", dashboard_name=name, dashboard_body=body)


def test_everything_about_alerts_is_made_changed_and_deleted(
    server: Server, client: Callable[[str], Any], tmp_path: Path
) -> None:
    """AWS tells about each what the program said, and at the end of none."""
    name = f"t{uuid4().hex[:12]}"
    topic = f"arn:aws:sns:us-east-1:123456789012:{name}"
    sns, events, cloudwatch = client("sns"), client("events"), client("cloudwatch")

    def up(program: Callable[[], None]) -> None:
        provision(
            program,
            project="tests",
            stack=name,
            config={
                "aws:region": "us-east-1",
                "aws:defaultTags": json.dumps({"tags": {"Team": "music"}}),
            },
            endpoint=server.endpoint,
            region="us-east-1",
            state=tmp_path / "stack.json",
        )

    for text in ("first", "second"):
        up(lambda text=text: declare(name, text))  # type: ignore[misc]
        found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        assert (found["DisplayName"], found["KmsMasterKeyId"]) == (text, KEY)
        assert json.loads(found["Policy"])["Statement"][0]["Sid"] == text
        (mail,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert (mail["Protocol"], mail["Endpoint"]) == ("email", f"{text}@example.com")
        rule = events.describe_rule(Name=name)
        assert (rule["Description"], rule["State"]) == (text, "ENABLED")
        assert json.loads(rule["EventPattern"])["detail"] == {"jobName": [text]}
        (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
        assert (target["Id"], target["Arn"]) == ("alerts", topic)
        assert target["InputTransformer"] == {
            "InputPathsMap": {"run": "$.detail.id"},
            "InputTemplate": f'"{text}"',
        }
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert alarm["AlarmDescription"] == text
        assert alarm["Dimensions"] == [{"Name": "JobName", "Value": "j"}]
        assert alarm["TreatMissingData"] == "breaching"
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (
            3600, 2, 2
        )  # fmt: skip
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
        assert text in cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        for arn, tags in (
            (topic, sns.list_tags_for_resource(ResourceArn=topic)["Tags"]),
            (name, events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
            (name, cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]),
        ):
            assert tags == [{"Key": "Team", "Value": "music"}], arn

    up(lambda: None)
    assert topic not in {one["TopicArn"] for one in sns.list_topics()["Topics"]}
    assert not events.list_rules(NamePrefix=name)["Rules"]
    assert not cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert not cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
