"""The endpoints: which services a run reaches, and whom and what each lets through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lakehouse.policy_statements import statements

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("extra", [(), ("athena",), ("athena", "secretsmanager")])
def test_every_service_that_a_run_calls_has_an_endpoint(
    declare: Callable[..., Any], extra: tuple[str, ...]
) -> None:
    """With private DNS, in each zone, behind the group of the endpoints."""
    declared = declare(
        {"lakehouse:extraEndpoints": json.dumps(extra), "lakehouse:availabilityZones": "2"}
    )
    endpoints = declared.of_type("ec2/vpcEndpoint:VpcEndpoint")
    assert endpoints.keys() == {"s3", "glue", "logs", "monitoring", "kms", "sts", *extra}
    for service, endpoint in endpoints.items():
        assert endpoint["serviceName"] == f"com.amazonaws.eu-west-1.{service}"
        if service != "s3":
            assert endpoint["vpcEndpointType"] == "Interface"
            assert endpoint["privateDnsEnabled"] is True
            assert endpoint["subnetIds"] == ["private-a", "private-b"]
            assert endpoint["securityGroupIds"] == ["music-dev-endpoints"]


def test_the_gateway_to_s3_lets_our_account_reach_our_buckets(dev: Any) -> None:
    """And of other buckets only those from which Glue fetches its own files, to read."""
    policy = statements(dev.of_type("ec2/vpcEndpoint:VpcEndpoint")["s3"]["policy"])
    assert policy.keys() == {"OurBuckets", "GlueOwnedAssets"}
    ours = policy["OurBuckets"]
    names = dev.outputs["bucket_names"].values()
    assert set(ours["Resource"]) == {
        f"arn:aws:s3:::{name}{rest}" for name in names for rest in ("", "/*")
    }
    assert ours["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    assert policy["GlueOwnedAssets"]["Action"] == ["s3:GetObject"]
    assert policy["GlueOwnedAssets"]["Resource"] == [
        "arn:aws:s3:::aws-glue-*/*",
        "arn:aws:s3:::crawler-public*/*",
    ]


def test_the_gateway_lets_through_all_that_the_job_does_with_s3(dev: Any) -> None:
    """What the role may do and the endpoint stops would fail in AWS alone."""
    policy = statements(dev.of_type("ec2/vpcEndpoint:VpcEndpoint")["s3"]["policy"])
    allowed = set(policy["OurBuckets"]["Action"])
    for role in ("job-role", "crawler-role"):
        for statement in statements(
            dev.of_type("iam/rolePolicy:RolePolicy")[role]["policy"]
        ).values():
            used = {action for action in statement["Action"] if action.startswith("s3:")}
            assert used <= allowed


def test_the_other_endpoints_serve_this_account_alone(dev: Any) -> None:
    """Each for its own service: nobody carries data out with keys of an account of theirs."""
    actions = {"monitoring": "cloudwatch:*"}
    for service, endpoint in dev.of_type("ec2/vpcEndpoint:VpcEndpoint").items():
        if service == "s3":
            continue
        (statement,) = statements(endpoint["policy"]).values()
        assert statement["Action"] == [actions.get(service, f"{service}:*")]
        assert statement["Condition"] == {
            "StringEquals": {"aws:PrincipalAccount": "123456789012"},
            "StringEqualsIfExists": {"aws:ResourceAccount": "123456789012"},
        }
