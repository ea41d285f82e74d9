"""A network that was there before, on the real Pulumi engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.there import in_network

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine


def test_an_existing_network_is_used_and_left(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """The stack comes and goes; the VPC that it was given stays as it was."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24", AvailabilityZone="us-east-1c")[
        "Subnet"
    ]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    before = in_network(client, vpc, "no stack")
    stack = new_stack(
        **{
            "lakehouse:network": "existing",
            "lakehouse:vpcId": vpc,
            "lakehouse:subnetIds": [subnet],
            "lakehouse:securityGroupId": group,
        }
    )
    created = stack.up()
    assert stack.up() == {"same": created["create"]}
    network = stack.outputs()["network"]
    assert network["zones"] == ["us-east-1c"]
    (name,) = network["connections"]
    needs = client("glue").get_connection(Name=name)["Connection"]["PhysicalConnectionRequirements"]
    assert needs["SubnetId"] == subnet
    stack.destroy()
    assert in_network(client, vpc, "no stack") == before
    assert in_network(client, vpc, stack.stack.name).keys() == before.keys()
