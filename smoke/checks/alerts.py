"""Whether anybody hears of a run that was stopped, and of one that succeeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from smoke.check import WrongError, check

if TYPE_CHECKING:
    from smoke.subject import Subject

_LOOK_BACK = timedelta(hours=3)
_UNDER_WAY = frozenset({"STARTING", "RUNNING", "WAITING"})


def _sum(subject: Subject, namespace: str, metric: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    found = subject.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - _LOOK_BACK,
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


@check
def freshness_alarm(subject: Subject) -> str:
    """The job's metric arrives, and silences the freshness alarm."""
    subject.need_run()
    subject.need_aws("no alarm there looks at a metric")
    alarm = f"{subject.names.base}-freshness"

    def state() -> str | None:
        found = subject.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        if not found:
            raise WrongError(f"there is no alarm {alarm}")
        return "OK" if found[0]["StateValue"] == "OK" else None

    subject.until(state, f"OK of the alarm {alarm} after a run that succeeded")
    return f"{alarm} is OK after the run"


@check
def alarm_action(subject: Subject) -> str:
    """An alarm may publish to the encrypted topic."""
    subject.need_aws("no alarm there does anything")
    alarm, cloudwatch = f"{subject.names.base}-freshness", subject.client("cloudwatch")
    since = datetime.now(UTC)
    # It finds its own state again at its next evaluation.
    cloudwatch.set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="make smoke-aws tries the alarm"
    )

    def acted() -> str | None:
        history = cloudwatch.describe_alarm_history(
            AlarmName=alarm, HistoryItemType="Action", StartDate=since, EndDate=datetime.now(UTC)
        )
        said = [str(item["HistorySummary"]) for item in history["AlarmHistoryItems"]]
        return next((one for one in said if subject.names.topic in one), None)

    told = subject.until(acted, f"action of the alarm {alarm}")
    if not told.startswith("Successfully"):
        raise WrongError(f"the alarm did not reach the topic: {told}")
    return "the alarm's message reached the topic"


@check
def failure_events(subject: Subject) -> str:
    """EventBridge events and alarms."""
    subject.need_run()
    subject.need_aws("it sends no events")
    glue, job = subject.client("glue"), subject.outputs["job_name"]
    run = glue.start_job_run(JobName=job)["JobRunId"]

    def ended() -> str | None:
        state = str(glue.get_job_run(JobName=job, RunId=run)["JobRun"]["JobRunState"])
        if state in _UNDER_WAY:
            glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
            return None
        return None if state == "STOPPING" else state

    if (state := subject.until(ended, "end of a run that was stopped")) != "STOPPED":
        raise WrongError(f"a run that was stopped ended as {state}")
    rule = f"{subject.names.base}-job-failed"
    subject.until(
        lambda: _sum(subject, "AWS/Events", "Invocations", RuleName=rule) or None,
        f"event of the stopped run at the rule {rule}",
    )
    return f"the rule {rule} heard of a run that was stopped"


@check
def event_delivery(subject: Subject) -> str:
    """EventBridge tells SNS and KMS whose it is (`aws:SourceAccount` in the topic's and the key's
    policy).
    """
    subject.need_run()
    subject.need_aws("it sends no events")
    rule, topic = f"{subject.names.base}-job-failed", subject.names.topic
    subject.until(
        lambda: _sum(subject, "AWS/SNS", "NumberOfMessagesPublished", TopicName=topic) or None,
        f"message at the topic {topic}",
    )
    if failed := _sum(subject, "AWS/Events", "FailedInvocations", RuleName=rule):
        raise WrongError(f"{failed:.0f} events of {rule} did not reach the topic")
    return "the message reached the topic"


CHECKS = (freshness_alarm, alarm_action, failure_events, event_delivery)
