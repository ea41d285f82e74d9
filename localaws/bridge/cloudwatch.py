"""Alarms and dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_ALARM: Shape = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "namespace": "Namespace",
    "metricName": "MetricName",
    "dimensions": "Dimensions",
    "statistic": "Statistic",
    "period": "Period",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparisonOperator": "ComparisonOperator",
    "treatMissingData": "TreatMissingData",
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
}
_DASHBOARD: Shape = {"dashboardName": "DashboardName", "dashboardBody": "DashboardBody"}


def _put_alarm(clients: Clients, inputs: Properties) -> Made:
    cloudwatch, name = clients("cloudwatch"), inputs["name"]
    alarm: dict[str, Any] = request(_ALARM, inputs)
    alarm["Dimensions"] = [
        {"Name": key, "Value": value} for key, value in alarm.get("Dimensions", {}).items()
    ]
    tags = tag_list(inputs)
    cloudwatch.put_metric_alarm(**alarm, Tags=tags)
    arn = _alarm_arn(clients, name)
    old = {tag["Key"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=stale)
    if tags:
        cloudwatch.tag_resource(ResourceARN=arn, Tags=tags)
    return Made(name, {"arn": arn})


def _alarm_arn(clients: Clients, name: str) -> str:
    account = clients.account_id
    return f"arn:{clients.partition}:cloudwatch:{clients.region}:{account}:alarm:{name}"


def _describe_alarm(clients: Clients, name: str, _: Properties) -> Properties | None:
    cloudwatch = clients("cloudwatch")
    for found in cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
        arn = _alarm_arn(clients, name)
        tags = tag_map(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"])
        dimensions = {each["Name"]: each["Value"] for each in found["Dimensions"]}
        return {**told(_ALARM, found), "dimensions": dimensions, "tagsAll": tags}
    return None


def _put_dashboard(clients: Clients, inputs: Properties) -> Made:
    name = inputs["dashboardName"]
    clients("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=inputs["dashboardBody"])
    arn = f"arn:{clients.partition}:cloudwatch::{clients.account_id}:dashboard/{name}"
    return Made(name, {"dashboardArn": arn})


def _dashboard_exists(clients: Clients, name: str) -> bool:
    found = clients("cloudwatch").list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    return any(entry["DashboardName"] == name for entry in found)


def _describe_dashboard(clients: Clients, name: str, _: Properties) -> Properties | None:
    if not _dashboard_exists(clients, name):
        return None
    return told(_DASHBOARD, clients("cloudwatch").get_dashboard(DashboardName=name))


def _delete_dashboard(clients: Clients, name: str, _: Properties) -> None:
    if _dashboard_exists(clients, name):
        clients("cloudwatch").delete_dashboards(DashboardNames=[name])


TYPES: dict[str, ResourceType] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": ResourceType(
        shape=_ALARM,
        create=_put_alarm,
        describe=_describe_alarm,
        update=lambda clients, _, inputs: _put_alarm(clients, inputs),
        delete=lambda clients, name, _: clients("cloudwatch").delete_alarms(AlarmNames=[name]),
        replace_on=frozenset({"name"}),
        taggable=True,
    ),
    "aws:cloudwatch/dashboard:Dashboard": ResourceType(
        shape=_DASHBOARD,
        create=_put_dashboard,
        describe=_describe_dashboard,
        update=lambda clients, _, inputs: _put_dashboard(clients, inputs),
        delete=_delete_dashboard,
        replace_on=frozenset({"dashboardName"}),
    ),
}
