"""What the job tells CloudWatch when it has succeeded."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from spark import metrics


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stubbed client, which is the one that the job gets."""
    client = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    monkeypatch.setattr("spark.metrics.boto3.client", lambda *_, **__: client)
    with Stubber(client) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


def test_a_success_is_one_count_under_the_name_of_the_job(cloudwatch: Stubber) -> None:
    """The alarm sums these over its periods."""
    cloudwatch.add_response(
        "put_metric_data",
        {},
        {
            "Namespace": "Lakehouse",
            "MetricData": [
                {
                    "MetricName": "LastSuccess",
                    "Dimensions": [{"Name": "JobName", "Value": "bronze"}],
                    "Value": 1.0,
                    "Unit": "Count",
                }
            ],
        },
    )
    metrics.publish_success("Lakehouse", "bronze")


def test_a_run_does_not_fail_because_it_cannot_tell(
    cloudwatch: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    """The data is there; the log says why nobody was told."""
    cloudwatch.add_client_error(
        "put_metric_data",
        "AccessDenied",
        "no",
        expected_params={"Namespace": ANY, "MetricData": ANY},
    )
    metrics.publish_success("Lakehouse", "bronze")
    assert "cannot publish LastSuccess to Lakehouse" in capsys.readouterr().out
