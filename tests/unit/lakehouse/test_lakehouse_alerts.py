"""Alerts: what is watched, who is told, and who may tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

NIGHTLY = {"lakehouse:schedule": "cron(0 3 * * ? *)"}


def test_only_failures_of_this_stack_are_told(dev: Any) -> None:
    """Other jobs and crawlers of the account have owners of their own."""
    rules = dev.of_type("cloudwatch/eventRule:EventRule")
    patterns = {name: json.loads(rule["eventPattern"]) for name, rule in rules.items()}
    assert patterns["job-failed"]["detail"] == {
        "jobName": [dev.outputs["job_name"]],
        "state": ["FAILED", "TIMEOUT", "STOPPED"],
    }
    assert patterns["crawl-failed"]["detail"] == {
        "crawlerName": [dev.outputs["crawler_name"]],
        "state": ["Failed"],
    }
    assert {pattern["source"][0] for pattern in patterns.values()} == {"aws.glue"}


def test_an_event_becomes_a_sentence(dev: Any) -> None:
    """With the run, its end and where its log is; every placeholder is one of the paths."""
    targets = dev.of_type("cloudwatch/eventTarget:EventTarget")
    assert targets.keys() == dev.of_type("cloudwatch/eventRule:EventRule").keys()
    (topic,) = dev.of_type("sns/topic:Topic").values()
    for target in targets.values():
        transformer = target["inputTransformer"]
        sentence = json.loads(transformer["inputTemplate"])
        for name in transformer["inputPaths"]:
            assert f"<{name}>" in sentence
            sentence = sentence.replace(f"<{name}>", "")
        assert "<" not in sentence
        assert "/aws-glue/" in sentence
        assert target["arn"] == f"arn:aws:made:::{topic['name']}"


def test_the_topic_is_closed(dev: Any) -> None:
    """Encrypted, over TLS only, and only for the two services of this account."""
    (topic,) = dev.of_type("sns/topic:Topic").values()
    assert topic["kmsMasterKeyId"] == dev.outputs["kms_key_arn"]
    (policy,) = dev.of_type("sns/topicPolicy:TopicPolicy").values()
    statements = json.loads(policy["policy"])["Statement"]
    allowed = {
        statement["Principal"]["Service"]: statement["Condition"]
        for statement in statements
        if statement["Effect"] == "Allow"
    }
    ours = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert allowed == {"events.amazonaws.com": ours, "cloudwatch.amazonaws.com": ours}
    (denied,) = [one for one in statements if one["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_silence_over_two_intervals_rings(declare: Callable[..., Any]) -> None:
    """What sends no event is seen by the success that is missing."""
    (alarm,) = declare(NIGHTLY).of_type("cloudwatch/metricAlarm:MetricAlarm").values()
    assert alarm["period"] * alarm["evaluationPeriods"] == 2 * 24 * 3600
    assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]
    assert alarm["treatMissingData"] == "breaching"
    assert (alarm["namespace"], alarm["metricName"]) == ("Lakehouse", "LastSuccess")
    assert alarm["dimensions"] == {"JobName": "music-dev-bronze"}
    assert alarm["alarmActions"] == alarm["okActions"] == ["arn:aws:made:::music-dev-alerts"]


def test_nothing_is_missed_where_nothing_is_due(dev: Any) -> None:
    """Without a schedule no run is late."""
    assert not dev.of_type("cloudwatch/metricAlarm:MetricAlarm")


def test_the_longest_schedule_fits_into_what_an_alarm_looks_back_at(
    declare: Callable[..., Any],
) -> None:
    """CloudWatch: seven days at most, in periods of an hour."""
    sparse = declare({"lakehouse:schedule": "cron(0 0,12 ? * MON,THU *)"})
    (alarm,) = sparse.of_type("cloudwatch/metricAlarm:MetricAlarm").values()
    assert alarm["period"] * alarm["evaluationPeriods"] <= 7 * 24 * 3600


def test_a_job_that_is_watched_tells_of_its_success(declare: Callable[..., Any], dev: Any) -> None:
    """Where there are no alerts, it does not either."""
    silent = declare({"lakehouse:alerts": "false"})
    for declared, namespace in ((dev, "Lakehouse"), (silent, None)):
        (job,) = declared.of_type("glue/job:Job").values()
        assert job["defaultArguments"].get("--metrics_namespace") == namespace
    assert not silent.of_type("sns/topic:Topic")
    assert not silent.of_type("cloudwatch/dashboard:Dashboard")


def test_each_address_is_subscribed(declare: Callable[..., Any]) -> None:
    """By e-mail; what is no address is refused."""
    told = declare({"lakehouse:alertEmails": '["a@example.com", "b@example.com"]'})
    subscriptions = told.of_type("sns/topicSubscription:TopicSubscription").values()
    assert {one["endpoint"] for one in subscriptions} == {"a@example.com", "b@example.com"}
    with pytest.raises(ConfigError, match="lakehouse:alertEmails"):
        declare({"lakehouse:alertEmails": '["nobody"]'})


def test_the_dashboard_shows_runs_and_what_they_cost(dev: Any) -> None:
    """One page for the question of the morning."""
    (dashboard,) = dev.of_type("cloudwatch/dashboard:Dashboard").values()
    widgets = json.loads(dashboard["dashboardBody"])["widgets"]
    metrics = {widget["properties"]["metrics"][0][1] for widget in widgets}
    assert metrics == {
        "LastSuccess",
        "glue.driver.aggregate.elapsedTime",
        "glue.driver.aggregate.numFailedTasks",
        "glue.driver.aggregate.bytesRead",
        "ProcessedBytes",
    }
    assert {widget["properties"]["region"] for widget in widgets} == {"eu-west-1"}
