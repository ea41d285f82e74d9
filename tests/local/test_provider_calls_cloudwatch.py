"""The calls with which the AWS provider makes alarms and dashboards: in CBOR, as SDKs for Go do."""

from __future__ import annotations

import gzip
import http.client
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws import process

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:freshness"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
CBOR = "smithy-rpc-v2-cbor"

Reply = tuple[int, dict[str, str], dict[str, Any]]


@pytest.fixture
def send(server: process.Server) -> Callable[..., Reply]:
    """Return a function that sends bytes in the protocol and returns what botocore makes of it."""

    def sent(path: str, body: bytes, shape: Any = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
        scope = "AKID/20260101/us-east-1/monitoring/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        fixed = {"smithy-protocol": "rpc-v2-cbor", "Authorization": signed}
        connection.request("POST", path, body, fixed | headers)
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        content = {"status_code": reply.status, "headers": found, "body": reply.read()}
        connection.close()
        assert (found["smithy-protocol"], found["content-type"]) == (
            "rpc-v2-cbor", "application/cbor",
        )  # fmt: skip
        parsed = create_parser(CBOR).parse(content, shape)
        parsed.pop("ResponseMetadata", None)
        return reply.status, found, parsed

    return sent


@pytest.fixture
def call(send: Callable[..., Reply]) -> Callable[..., Reply]:
    """Return a function that calls an operation of CloudWatch."""
    service = botocore.session.Session().get_service_model("cloudwatch")

    def called(operation: str, *, packed: bool = False, **parameters: Any) -> Reply:
        model = service.operation_model(operation)
        request = create_serializer(CBOR).serialize_to_request(parameters, model)
        body, headers = request["body"], dict(request["headers"])
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return send(request["url_path"], body, model.output_shape, **headers)

    return called


def test_an_alarm_has_a_whole_life(call: Callable[..., Reply]) -> None:
    """It comes back as it was put, with tags, and is not found when it is deleted."""
    wanted = {
        "AlarmName": "freshness",
        "AlarmDescription": "No run succeeded for 48 hours",
        "Namespace": "Lakehouse",
        "MetricName": "LastSuccess",
        "Dimensions": [{"Name": "JobName", "Value": "music-prod"}],
        "Statistic": "Sum",
        "Period": 3600,
        "EvaluationPeriods": 48,
        "DatapointsToAlarm": 48,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "InsufficientDataActions": [],
        "ActionsEnabled": True,
    }
    tags = [{"Key": "ManagedBy", "Value": "pulumi"}]
    assert call("PutMetricAlarm", **wanted, Tags=tags)[0] == 200
    _, _, found = call("DescribeAlarms", AlarmNames=["freshness"])
    (alarm,) = found["MetricAlarms"]
    assert wanted.items() <= alarm.items()
    assert isinstance(alarm["AlarmConfigurationUpdatedTimestamp"], datetime)
    assert isinstance(alarm["Threshold"], float)
    assert alarm["AlarmArn"] == ALARM
    assert call("ListTagsForResource", ResourceARN=ALARM)[2]["Tags"] == tags
    added = [{"Key": "Zone", "Value": "bronze"}]
    call("TagResource", ResourceARN=ALARM, Tags=added)
    call("UntagResource", ResourceARN=ALARM, TagKeys=["ManagedBy"])
    assert call("ListTagsForResource", ResourceARN=ALARM)[2]["Tags"] == added
    assert call("DeleteAlarms", AlarmNames=["freshness"])[0] == 200
    assert call("DescribeAlarms", AlarmNames=["freshness"])[2]["MetricAlarms"] == []


def test_a_dashboard_has_a_whole_life(call: Callable[..., Reply]) -> None:
    """One that is not there is told by the name of the error in the model, and the older code."""
    body = '{"widgets": [{"type": "text", "properties": {"markdown": "\u00fc"}}]}'
    assert call("PutDashboard", DashboardName="overview", DashboardBody=body)[0] == 200
    shown = call("GetDashboard", DashboardName="overview")[2]
    assert shown["DashboardBody"] == body
    assert shown["DashboardArn"] == "arn:aws:cloudwatch::123456789012:dashboard/overview"
    call("DeleteDashboards", DashboardNames=["overview"])
    status, headers, error = call("GetDashboard", DashboardName="overview")
    assert (status, headers["x-amzn-query-error"]) == (404, "ResourceNotFound;Sender")
    assert error["Error"]["QueryErrorCode"] == "DashboardNotFoundError"
    assert error["Error"]["Message"] == "Dashboard does not exist"


def test_metrics_may_come_packed(call: Callable[..., Reply]) -> None:
    """SDKs compress a large PutMetricData."""
    data = [{"MetricName": "Runs", "Value": 2.5, "Timestamp": datetime(2026, 1, 2, tzinfo=UTC)}]
    status, _, _ = call("PutMetricData", packed=True, Namespace="Packed", MetricData=data)
    assert status == 200
    _, _, found = call("ListMetrics", Namespace="Packed")
    assert [metric["MetricName"] for metric in found["Metrics"]] == ["Runs"]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("GraniteServiceVersion20100801/operation/StopMetricStreams", b"\xa0", "StopMetricStreams"),
        ("GraniteServiceVersion20100801/operation/Invent", b"\xa0", "Invent"),
        ("GraniteServiceVersion20100801/operation/ListMetrics", b"\xff", "ListMetrics"),
        ("Other/operation/Do", b"\xa0", "Other"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    send: Callable[..., Reply], path: str, body: bytes, named: str
) -> None:
    """In the client's own protocol, and with a status that no SDK retries."""
    status, _, error = send(f"/service/{path}", body)
    assert status == 501
    assert named in error["Error"]["Message"]
