"""The private network on the real Pulumi engine: up, up again, one more zone, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine


def left_of(client: Callable[[str], Any], vpc: str, name: str) -> dict[str, list[str]]:
    """What is there of a network, by kind."""
    ec2, inside = client("ec2"), [{"Name": "vpc-id", "Values": [vpc]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    groups = client("logs").describe_log_groups()["logGroups"]
    found = {
        "vpcs": [each["VpcId"] for each in ec2.describe_vpcs(Filters=inside)["Vpcs"]],
        "subnets": [each["SubnetId"] for each in ec2.describe_subnets(Filters=inside)["Subnets"]],
        "groups": [
            each["GroupId"]
            for each in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        ],
        # EC2 tells about deleted endpoints for a while.
        "endpoints": [each["ServiceName"] for each in endpoints if each["State"] != "deleted"],
        "interfaces": [
            each["NetworkInterfaceId"]
            for each in ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        ],
        "flow logs": [
            each["FlowLogId"]
            for each in ec2.describe_flow_logs()["FlowLogs"]
            if each["ResourceId"] == vpc
        ],
        "log groups": [each["logGroupName"] for each in groups if name in each["logGroupName"]],
        "connections": [
            each["Name"]
            for each in client("glue").get_connections()["ConnectionList"]
            if name in each["Name"]
        ],
        "roles": [
            each["RoleName"]
            for each in client("iam").list_roles()["Roles"]
            if name in each["RoleName"]
        ],
    }
    return {kind: things for kind, things in found.items() if things}


def test_the_life_of_a_network(new_stack: Callable[..., Any], client: Callable[[str], Any]) -> None:
    """What up makes, a second one leaves as it is; a zone more leaves the first one alone; destroy
    leaves nothing.
    """
    stack = new_stack(**{"lakehouse:network": "private"})
    name = stack.stack.name
    created = stack.up()
    assert set(created) == {"create"}
    assert stack.up() == {"same": created["create"]}
    network = stack.outputs()["network"]
    assert network["zones"] == ["us-east-1a"]
    services = {"s3", "glue", "logs", "monitoring", "kms", "sts"}
    there = left_of(client, network["vpc_id"], name)
    assert set(there["endpoints"]) == {f"com.amazonaws.us-east-1.{each}" for each in services}
    assert len(there["groups"]) == 3
    job = client("glue").get_job(JobName=stack.outputs()["job_name"])["Job"]
    assert job["Connections"] == {"Connections": network["connections"]}

    stack.configure({"lakehouse:availabilityZones": "2"})
    changed = stack.up()
    assert changed["create"] == 3, "a subnet, its association and a connection"
    assert "replace" not in changed
    assert "delete" not in changed
    wider = stack.outputs()["network"]
    assert wider["zones"] == ["us-east-1a", "us-east-1b"]
    assert wider["subnet_ids"][0] == network["subnet_ids"][0]

    stack.destroy()
    assert left_of(client, network["vpc_id"], name) == {}


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
    before = left_of(client, vpc, "no stack")
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
    assert left_of(client, vpc, "no stack") == before
    assert left_of(client, vpc, stack.stack.name).keys() == before.keys()
