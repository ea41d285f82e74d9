"""The network's resources, provisioned in process: made, described back, changed and removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest

from localaws.errors import UnsupportedError
from tests.local.bridge_programs import REGION
from tests.local.network_program import POLICY, network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEFAULT_TAGS = {"Project": "p"}


@pytest.fixture
def stack_settings() -> dict[str, Any]:
    """With tags for whatever the program makes."""
    return {"aws:region": REGION, "aws:defaultTags": {"tags": DEFAULT_TAGS}}


def only(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """The one thing that a Describe call of EC2 finds."""
    reply = getattr(client("ec2"), operation)(**parameters)
    (things,) = (value for key, value in reply.items() if key != "ResponseMetadata")
    (thing,) = things
    return dict(thing)


def rules_of(client: Any, group: str) -> dict[str, dict[str, Any]]:
    """The rules of a security group by their description."""
    found = client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )
    return {rule["Description"]: rule for rule in found["SecurityGroupRules"]}


def tags_of(thing: dict[str, Any]) -> dict[str, str]:
    """The tags of a thing of EC2."""
    return {tag["Key"]: tag["Value"] for tag in thing["Tags"]}


def test_what_is_made_is_what_was_asked_for(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """Described back, property by property, with the default tags."""
    made = up(network(name))
    vpc = made["vpc"]
    ec2 = client("ec2")

    found = only(client, "describe_vpcs", VpcIds=[vpc])
    assert found["CidrBlock"] == "10.30.0.0/16"
    assert tags_of(found) == {**DEFAULT_TAGS, "Name": name}
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        told = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert told[attribute[0].upper() + attribute[1:]] == {"Value": True}

    for index, letter in enumerate("ab"):
        subnet = only(client, "describe_subnets", SubnetIds=[made["subnets"][index]])
        assert subnet["VpcId"] == vpc
        assert subnet["CidrBlock"] == f"10.30.{index}.0/24"
        assert subnet["AvailabilityZone"] == f"{REGION}{letter}"
        assert subnet["MapPublicIpOnLaunch"] is False
        assert tags_of(subnet) == DEFAULT_TAGS

    table = only(client, "describe_route_tables", RouteTableIds=[made["table"]])
    associated = {each["SubnetId"] for each in table["Associations"]}
    assert associated == set(made["subnets"])
    routed = {route.get("DestinationPrefixListId") for route in table["Routes"]}
    assert routed == {None, made["prefix"]}

    s3 = only(client, "describe_vpc_endpoints", VpcEndpointIds=[made["s3"]])
    assert s3["VpcEndpointType"] == "Gateway"
    assert s3["RouteTableIds"] == [made["table"]]
    assert json.loads(s3["PolicyDocument"]) == json.loads(POLICY)
    kms = only(client, "describe_vpc_endpoints", VpcEndpointIds=[made["kms"]])
    assert kms["VpcEndpointType"] == "Interface"
    assert kms["SubnetIds"] == made["subnets"]
    assert [group["GroupId"] for group in kms["Groups"]] == [made["groups"]["endpoints"]]
    assert kms["PrivateDnsEnabled"] is True
    assert tags_of(kms) == DEFAULT_TAGS

    log = only(client, "describe_flow_logs", FlowLogIds=[made["log"]])
    assert log["ResourceId"] == vpc
    assert log["TrafficType"] == "ALL"
    assert log["LogDestination"].endswith(f":log-group:/{name}/flow")
    assert log["DeliverLogsPermissionArn"] == "arn:aws:iam::123456789012:role/flow"
    assert log["MaxAggregationInterval"] == 600
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert group["retentionInDays"] == 30

    connection = client("glue").get_connection(Name=name)["Connection"]
    assert connection["ConnectionType"] == "NETWORK"
    assert connection["PhysicalConnectionRequirements"] == {
        "AvailabilityZone": f"{REGION}a",
        "SubnetId": made["subnets"][0],
        "SecurityGroupIdList": [made["groups"]["job"]],
    }
    job = client("glue").get_job(JobName=name)["Job"]
    assert job["Connections"] == {"Connections": [name]}
    tags = client("glue").get_tags(ResourceArn=made["connection"])["Tags"]
    assert tags == DEFAULT_TAGS


def test_groups_have_the_rules_of_the_program_and_no_others(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """What AWS gives to new and to default groups is gone; each rule keeps its description."""
    made = up(network(name))
    job = made["groups"]["job"]
    rules = rules_of(client, job)
    assert rules.keys() == {"HTTPS to itself", "HTTPS to s3", "HTTPS to range", "everything"}
    assert rules["HTTPS to itself"]["ReferencedGroupInfo"]["GroupId"] == job
    assert rules["HTTPS to s3"]["PrefixListId"] == made["prefix"]
    assert rules["HTTPS to range"]["CidrIpv4"] == "10.30.0.0/16"
    assert rules["everything"]["IpProtocol"] == "-1"
    for described, rule in rules.items():
        assert rule["IsEgress"] is (described != "everything")
        assert tags_of(rule) == DEFAULT_TAGS
    for group in (made["default"], made["groups"]["endpoints"]):
        assert rules_of(client, group) == {}


def test_a_second_run_changes_nothing_and_a_change_is_made_in_place(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """All ids stay: of the VPC, its parts, its rules and its endpoints."""
    made = up(network(name))
    assert up(network(name)) == made
    other = json.dumps({"Version": "2012-10-17", "Statement": [], "Id": "x"})
    changed = up(
        network(
            name,
            hostnames=False,
            description="TLS",
            port=8443,
            zones="a",
            policy=other,
            private_dns=False,
            days=90,
            group="endpoints",
        )
    )
    assert changed == made
    ec2 = client("ec2")
    told = ec2.describe_vpc_attribute(VpcId=made["vpc"], Attribute="enableDnsHostnames")
    assert told["EnableDnsHostnames"] == {"Value": False}
    rules = rules_of(client, made["groups"]["job"])
    assert rules.keys() == {"TLS to itself", "TLS to s3", "TLS to range", "everything"}
    assert {rules[f"TLS to {end}"]["FromPort"] for end in ("itself", "s3", "range")} == {8443}
    referenced = rules["TLS to itself"]["ReferencedGroupInfo"]["GroupId"]
    assert referenced == made["groups"]["endpoints"]
    kms = only(client, "describe_vpc_endpoints", VpcEndpointIds=[made["kms"]])
    assert kms["SubnetIds"] == made["subnets"][:1]
    assert kms["PrivateDnsEnabled"] is False
    assert json.loads(kms["PolicyDocument"]) == json.loads(other)
    assert client("glue").get_connection(Name=name)["Connection"]["Description"] == "TLS"
    job = client("glue").get_job(JobName=name)["Job"]
    assert (job["Timeout"], job["Connections"]) == (8443, {"Connections": [name]})
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert group["retentionInDays"] == 90


def test_a_flow_log_is_replaced(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """EC2 changes none: for another destination there is another one, and the old one goes."""
    old = up(network(name))["log"]
    new = up(network(name, flow="other"))["log"]
    left = client("ec2").describe_flow_logs()["FlowLogs"]
    assert new != old
    assert [log["FlowLogId"] for log in left if log["FlowLogId"] in {old, new}] == [new]


def test_what_a_killed_run_left_behind_is_taken_over(
    up: Callable[..., Any], name: str, tmp_path: Path
) -> None:
    """Without its state, the same program finds all that it made, by properties and tags."""
    assert up(network(name)) == up(network(name), tmp_path / "lost.json")


def test_everything_goes(up: Callable[..., Any], client: Callable[[str], Any], name: str) -> None:
    """In an order in which EC2 lets it: the VPC, which must be empty, last."""
    vpc = up(network(name))["vpc"]
    up(lambda: None)
    ec2 = client("ec2")
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    assert vpc not in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    assert ec2.describe_subnets(Filters=inside)["Subnets"] == []
    assert ec2.describe_route_tables(Filters=inside)["RouteTables"] == []
    assert ec2.describe_security_groups(Filters=inside)["SecurityGroups"] == []
    assert ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == []
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    assert {endpoint["State"] for endpoint in endpoints} <= {"deleted"}
    assert vpc not in [log["ResourceId"] for log in ec2.describe_flow_logs()["FlowLogs"]]
    assert client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"] == []
    with pytest.raises(client("glue").exceptions.EntityNotFoundException):
        client("glue").get_connection(Name=name)


def test_zones_and_subnets_are_looked_up(up: Callable[..., Any], name: str) -> None:
    """As programs ask before they make anything."""
    made = up(network(name))

    def ask() -> None:
        opted = aws.GetAvailabilityZonesFilterArgs(
            name="opt-in-status", values=["opt-in-not-required"]
        )
        zones = aws.get_availability_zones(state="available", filters=[opted])
        found = aws.ec2.get_subnet(id=made["subnets"][1])
        inside: Any = {"name": "vpc-id", "values": [made["vpc"]]}
        pulumi.export("subnets", aws.ec2.get_subnets(filters=[inside]).ids)
        pulumi.export("groups", aws.ec2.get_security_groups(filters=[inside]).ids)
        pulumi.export("zones", zones.names)
        pulumi.export("subnet", [found.availability_zone, found.cidr_block])

    def program() -> None:
        network(name, export=False)()
        ask()

    told = up(program)
    assert told["zones"][:2] == [f"{REGION}a", f"{REGION}b"]
    assert told["subnets"] == sorted(made["subnets"])
    assert told["groups"] == sorted([made["default"], *made["groups"].values()])
    assert told["subnet"] == [f"{REGION}b", "10.30.1.0/24"]


def test_an_argument_that_would_be_ignored_is_an_error(up: Callable[..., Any]) -> None:
    """To find another subnet than the one asked for would be worse."""
    with pytest.raises(UnsupportedError, match="takes id, but got cidrBlock"):
        up(lambda: aws.ec2.get_subnet(cidr_block="10.30.0.0/24"))
