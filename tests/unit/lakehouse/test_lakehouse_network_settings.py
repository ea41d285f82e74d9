"""Which network the settings choose: none or an existing one, and what is refused as unfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.errors import ConfigError
from tests.unit.lakehouse.conftest import VPC

if TYPE_CHECKING:
    from collections.abc import Callable

EXISTING = {
    "lakehouse:network": "existing",
    "lakehouse:vpcId": VPC,
    "lakehouse:subnetIds": '{"subnet-0000000a": "eu-west-1a", "subnet-0000000b": "eu-west-1b"}',
    "lakehouse:securityGroupId": "sg-0123456789abcdef0",
}
NETWORK_TYPES = ("aws:ec2/", "aws:vpc/", "aws:glue/connection")


def test_without_a_network_nothing_of_it_is_made(declare: Callable[..., Any]) -> None:
    """The job then runs in Glue's own network, and its roles have no right in EC2."""
    declared = declare({"lakehouse:network": "none"})
    for resource in declared.resources.values():
        assert not resource["type"].startswith(NETWORK_TYPES)
        assert "ec2:" not in str(resource.get("policy"))
    (job,) = declared.of_type("glue/job:Job").values()
    (crawler,) = declared.of_type("glue/crawler:Crawler").values()
    assert "connections" not in job
    assert "--disable-proxy-v2" not in job["defaultArguments"]
    assert "connectionName" not in crawler["deltaTargets"][0]
    assert declared.outputs["network"] is None


@pytest.mark.parametrize(
    "subnets",
    [
        pytest.param(EXISTING["lakehouse:subnetIds"], id="with their zones"),
        pytest.param('["subnet-0000000a", "subnet-0000000b"]', id="looked up"),
    ],
)
def test_an_existing_network_gets_connections_and_is_left_alone(
    declare: Callable[..., Any], subnets: str
) -> None:
    """Nothing in it is made or changed."""
    declared = declare({**EXISTING, "lakehouse:subnetIds": subnets})
    made = {
        resource["type"]
        for resource in declared.resources.values()
        if resource["type"].startswith(NETWORK_TYPES)
    }
    assert made == {"aws:glue/connection:Connection"}
    assert declared.outputs["network"] == {
        "vpc_id": VPC,
        "subnet_ids": ["subnet-0000000a", "subnet-0000000b"],
        "security_group_id": "sg-0123456789abcdef0",
        "connections": ["music-dev-eu-west-1a", "music-dev-eu-west-1b"],
        "zones": ["eu-west-1a", "eu-west-1b"],
    }


@pytest.mark.parametrize(
    ("config", "told"),
    [
        pytest.param(
            {"lakehouse:network": "public"},
            ["lakehouse:network = 'public'", "private, existing or none"],
            id="no such network",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "10.20.0.0"},
            ["lakehouse:vpcCidr = '10.20.0.0'", "1 addresses", "/16 to /28"],
            id="a single address",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "10.20.1.0/20"},
            ["lakehouse:vpcCidr = '10.20.1.0/20'", "no range"],
            id="bits behind the prefix",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "fd00::/20"}, ["lakehouse:vpcCidr = 'fd00::/20'"], id="IPv6"
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "10.0.0.0/8"},
            ["lakehouse:vpcCidr = '10.0.0.0/8'", "/16 to /28"],
            id="too large a range",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "8.8.0.0/20"},
            ["lakehouse:vpcCidr = '8.8.0.0/20'", "public", "10.0.0.0/8"],
            id="public range",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "172.17.0.0/20"},
            ["lakehouse:vpcCidr = '172.17.0.0/20'", "overlaps 172.17.0.0/16"],
            id="a range that AWS uses",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "10.0.0.0/26", "lakehouse:availabilityZones": "5"},
            ["lakehouse:vpcCidr = '10.0.0.0/26'", "4 subnets for 5 zones", "at most 4"],
            id="a zone too many for the range",
        ),
        pytest.param(
            {"lakehouse:vpcCidr": "10.0.0.0/24", "lakehouse:workerCount": "100"},
            ["lakehouse:vpcCidr = '10.0.0.0/24'", "27 addresses", "100 workers", "take 105"],
            id="no room for the workers",
        ),
        pytest.param(
            {"lakehouse:availabilityZones": "7"},
            ["lakehouse:availabilityZones = '7'", "1 to 6"],
            id="more zones than any region has",
        ),
        pytest.param(
            {"lakehouse:availabilityZones": "true"}, ["lakehouse:availabilityZones"], id="no number"
        ),
        pytest.param(
            {"lakehouse:availabilityZones": "4"},
            ["lakehouse:availabilityZones = 4", "at most 3", "eu-west-1a, eu-west-1b, eu-west-1c"],
            id="more zones than the region has",
        ),
        pytest.param(
            {"lakehouse:availabilityZones": '["us-east-1a"]'},
            ["lakehouse:availabilityZones names 'us-east-1a'", "aws:region = 'eu-west-1'"],
            id="a zone of another region",
        ),
        pytest.param(
            {"lakehouse:availabilityZones": '["eu-west-1a", "eu-west-1a"]'},
            ["lakehouse:availabilityZones", "twice"],
            id="the same zone twice",
        ),
        pytest.param(
            {"lakehouse:subnetCidrs": '["10.20.0.0/24", "10.20.1.0/24"]'},
            ["lakehouse:subnetCidrs", "2 subnets for 1 zones", "one for each"],
            id="as many subnets as zones",
        ),
        pytest.param(
            {
                "lakehouse:subnetCidrs": '["10.20.0.0/23", "10.20.1.0/24"]',
                "lakehouse:availabilityZones": "2",
            },
            ["lakehouse:subnetCidrs", "10.20.0.0/23 overlaps 10.20.1.0/24"],
            id="overlapping subnets",
        ),
        pytest.param(
            {"lakehouse:subnetCidrs": '["10.21.0.0/24"]'},
            ["lakehouse:subnetCidrs", "10.21.0.0/24 is not within lakehouse:vpcCidr"],
            id="a subnet elsewhere",
        ),
        pytest.param(
            {"lakehouse:subnetCidrs": '["here"]'},
            ["lakehouse:subnetCidrs = 'here'", "no range"],
            id="a subnet that is no range",
        ),
        pytest.param(
            {"lakehouse:extraEndpoints": '["sqs"]'},
            ["lakehouse:extraEndpoints", "athena and secretsmanager"],
            id="an endpoint that nobody needs",
        ),
        pytest.param(
            {"lakehouse:prefix": "sg-music"},
            ["lakehouse:prefix = 'sg-music'", "security groups"],
            id="names that security groups cannot have",
        ),
        pytest.param(
            {"lakehouse:vpcId": VPC},
            [f"lakehouse:vpcId = '{VPC}'", "'existing'", "remove it"],
            id="an id without an existing network",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:vpcCidr": "10.0.0.0/20"},
            ["lakehouse:vpcCidr = '10.0.0.0/20'", "'private'", "remove it"],
            id="a range for an existing network",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:vpcId": None},
            ["lakehouse:vpcId is missing", "'existing'", "vpc-0123456789abcdef0"],
            id="no VPC",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:subnetIds": None},
            ["lakehouse:subnetIds is missing"],
            id="no subnets",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:securityGroupId": None},
            ["lakehouse:securityGroupId is missing"],
            id="no security group",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:vpcId": "subnet-0000000a"},
            ["lakehouse:vpcId = 'subnet-0000000a'"],
            id="an id of something else",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:subnetIds": '{"subnet-0000000a": "us-east-1a"}'},
            ["lakehouse:subnetIds names 'us-east-1a'", "aws:region"],
            id="a subnet of another region",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:subnetIds": '["subnet-0000000a", "subnet-0000001a"]'},
            ["lakehouse:subnetIds", "eu-west-1a, eu-west-1a", "one per zone"],
            id="two subnets of one zone",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:subnetIds": '["subnet-0000000c"]'},
            ["lakehouse:subnetIds names subnet-0000000c", f"'{VPC}'"],
            id="a subnet of another VPC, or of none",
        ),
        pytest.param(
            {**EXISTING, "lakehouse:securityGroupId": "sg-00000000"},
            ["lakehouse:securityGroupId names sg-00000000", f"'{VPC}'"],
            id="a security group of another VPC, or of none",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_key_value_limit_and_file(
    declare: Callable[..., Any], config: dict[str, Any], told: list[str]
) -> None:
    """One sentence, and before any resource: the rest of the stack is not made either."""
    with pytest.raises(ConfigError) as caught:
        declare(config)
    (problem,) = caught.value.problems
    for part in told:
        assert part in problem
    assert "Pulumi.dev.yaml" in str(caught.value)
