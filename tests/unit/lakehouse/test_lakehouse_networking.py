"""The private network: nothing gets in, nothing but AWS's own services is reached."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lakehouse.policy_statements import statements
from tests.unit.lakehouse.settings import PROD

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def prod(declare: Callable[..., Any]) -> Any:
    """The production stack with every setting of the network at its default."""
    return declare(PROD, stack="prod")


def test_the_vpc_resolves_the_names_of_its_endpoints(dev: Any) -> None:
    """Private DNS needs both settings, and Glue a reverse name."""
    (vpc,) = dev.of_type("ec2/vpc:Vpc").values()
    assert vpc["cidrBlock"] == "10.20.0.0/20"
    assert vpc["enableDnsSupport"] is True
    assert vpc["enableDnsHostnames"] is True


def test_there_is_no_way_to_the_internet(dev: Any, prod: Any) -> None:
    """No gateway, no NAT, no route, no public address."""
    for declared in (dev, prod):
        kinds = {resource["type"] for resource in declared.resources.values()}
        for absent in ("Gateway:", "/eip:", "/route:"):
            assert not [kind for kind in kinds if absent in kind]
        for table in declared.of_type("ec2/routeTable:RouteTable").values():
            assert "routes" not in table
        for subnet in declared.of_type("ec2/subnet:Subnet").values():
            assert subnet["mapPublicIpOnLaunch"] is False


def test_a_development_stack_has_one_zone_and_a_production_stack_two(dev: Any, prod: Any) -> None:
    """By name in order, whatever the order in which AWS lists them."""
    zones = [
        sorted(
            subnet["availabilityZone"] for subnet in declared.of_type("ec2/subnet:Subnet").values()
        )
        for declared in (dev, prod)
    ]
    assert zones == [["eu-west-1a"], ["eu-west-1a", "eu-west-1b"]]


def test_every_subnet_is_on_the_route_table_that_leads_to_s3(prod: Any) -> None:
    """Without it the job would wait for S3 until its timeout."""
    associated = prod.of_type("ec2/routeTableAssociation:RouteTableAssociation").values()
    gateway = prod.of_type("ec2/vpcEndpoint:VpcEndpoint")["s3"]
    assert gateway["vpcEndpointType"] == "Gateway"
    assert gateway["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert [made["routeTableId"] for made in associated] == gateway["routeTableIds"] * 2


def test_subnets_lie_apart_within_the_vpc_and_stay_where_they_are(
    declare: Callable[..., Any], dev: Any
) -> None:
    """One more zone is one more subnet: the first ones keep their addresses."""
    three = declare({"lakehouse:availabilityZones": "3"}).of_type("ec2/subnet:Subnet")
    one = dev.of_type("ec2/subnet:Subnet")
    ranges = [IPv4Network(subnet["cidrBlock"]) for subnet in three.values()]
    assert all(part.subnet_of(IPv4Network("10.20.0.0/20")) for part in ranges)
    assert not any(part.overlaps(other) for part, other in combinations(ranges, 2))
    assert one["private-a"] == three["private-a"]


def test_the_job_talks_to_itself_the_endpoints_and_s3_and_nobody_else(dev: Any) -> None:
    """Every rule has one other end, which is no range of addresses, and a description."""
    ways = {
        (
            "in" if "Ingress" in kind else "out",
            rule["securityGroupId"],
            rule.get("referencedSecurityGroupId") or rule.get("prefixListId"),
            rule["ipProtocol"],
            rule["fromPort"],
            rule["toPort"],
        )
        for kind in ("Ingress", "Egress")
        for rule in dev.of_type(f"vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule").values()
    }
    job, endpoints, s3 = "music-dev-job", "music-dev-endpoints", "pl-0123456789abcdef0"
    assert ways == {
        ("in", job, job, "tcp", 0, 65535),
        ("out", job, job, "tcp", 0, 65535),
        ("out", job, endpoints, "tcp", 443, 443),
        ("out", job, s3, "tcp", 443, 443),
        ("in", endpoints, job, "tcp", 443, 443),
    }
    for resource in dev.resources.values():
        if "ecurityGroup" in resource["type"] and "default" not in resource["type"]:
            assert resource["description"]
            assert not {"ingress", "egress", "cidrIpv4", "cidrIpv6"} & resource.keys()
        if resource["type"] == "aws:ec2/securityGroup:SecurityGroup":
            assert not resource["name"].startswith("sg-"), "AWS refuses such a name"


def test_the_default_security_group_is_emptied(dev: Any) -> None:
    """Adopted with no rule at all: that removes those that AWS gave it."""
    (group,) = dev.of_type("ec2/defaultSecurityGroup:DefaultSecurityGroup").values()
    assert not {"ingress", "egress"} & group.keys()


@pytest.mark.parametrize(("config", "days"), [({}, 30), (PROD, 365)])
def test_traffic_is_logged_and_the_log_kept(
    declare: Callable[..., Any], config: dict[str, Any], days: int
) -> None:
    """Accepted and refused, to a group of its own, by a role that can write only there."""
    declared = declare(config)
    (log,) = declared.of_type("ec2/flowLog:FlowLog").values()
    (group,) = (
        group
        for group in declared.of_type("cloudwatch/logGroup:LogGroup").values()
        if group["name"] == "/lakehouse/music-dev/vpc-flow-logs"
    )
    assert log["trafficType"] == "ALL"
    assert group["retentionInDays"] == days
    role = declared.of_type("iam/role:Role")["flow-logs-role"]
    (trust,) = statements(role["assumeRolePolicy"]).values()
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    policy = statements(declared.of_type("iam/rolePolicy:RolePolicy")["flow-logs-role"]["policy"])
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group['name']}"
    assert policy["Deliver"]["Resource"] == [arn, f"{arn}:*"]
    assert policy["FindGroup"]["Action"] == ["logs:DescribeLogGroups"]


def test_job_and_crawler_use_a_connection_into_each_zone(prod: Any) -> None:
    """The job takes the first that works; the crawler knows only one."""
    connections = prod.of_type("glue/connection:Connection")
    (job,) = prod.of_type("glue/job:Job").values()
    (crawler,) = prod.of_type("glue/crawler:Crawler").values()
    assert job["connections"] == ["music-prod-eu-west-1a", "music-prod-eu-west-1b"]
    assert crawler["deltaTargets"][0]["connectionName"] == "music-prod-eu-west-1a"
    # Or Glue would carry the script's calls past the endpoints.
    assert job["defaultArguments"]["--disable-proxy-v2"] == "true"
    subnets = prod.of_type("ec2/subnet:Subnet")
    for name, connection in connections.items():
        assert connection["connectionType"] == "NETWORK"
        needs = connection["physicalConnectionRequirements"]
        assert needs["availabilityZone"] == subnets[name]["availabilityZone"]
        assert needs["securityGroupIdLists"] == ["music-prod-job"]


@pytest.mark.parametrize("actor", ["job", "crawler"])
def test_a_role_may_put_interfaces_into_this_network_only(prod: Any, actor: str) -> None:
    """On its subnets, with its group; and it sees the connections of this stack."""
    policy = statements(prod.of_type("iam/rolePolicy:RolePolicy")[f"{actor}-role"]["policy"])
    prefix = "arn:aws:ec2:eu-west-1:123456789012:"
    subnets = [f"{prefix}subnet/private-a", f"{prefix}subnet/private-b"]
    assert policy["CreateInterfaces"]["Resource"] == [
        f"{prefix}network-interface/*",
        f"{prefix}security-group/music-prod-job",
        *subnets,
    ]
    assert policy["DeleteInterfaces"]["Condition"] == {"ArnEquals": {"ec2:Subnet": subnets}}
    glue = "arn:aws:glue:eu-west-1:123456789012:"
    assert policy["ReadConnections"]["Resource"] == [
        f"{glue}catalog",
        f"{glue}connection/music-prod-eu-west-1a",
        f"{glue}connection/music-prod-eu-west-1b",
    ]
    unlimited = {sid for sid, statement in policy.items() if "*" in statement["Resource"]}
    assert unlimited <= {"LookAtNetwork", "PublishMetrics", "ReadSecurityConfiguration"}


def test_people_are_given_nothing_in_the_network(prod: Any) -> None:
    """Only Glue makes interfaces."""
    policy = prod.of_type("iam/rolePolicy:RolePolicy")["operator-role"]["policy"]
    assert "ec2:" not in policy


def test_the_outputs_tell_the_ids(dev: Any, prod: Any) -> None:
    """Scripts and people find the network without asking for it by name."""
    assert dev.outputs["network"] == {
        "vpc_id": "vpc",
        "subnet_ids": ["private-a"],
        "security_group_id": "music-dev-job",
        "connections": ["music-dev-eu-west-1a"],
        "zones": ["eu-west-1a"],
    }
    assert prod.outputs["network"]["zones"] == ["eu-west-1a", "eu-west-1b"]


def test_zones_that_are_named_are_not_asked_for(declare: Callable[..., Any]) -> None:
    """So that a zone which AWS adds later moves nothing."""
    declared = declare({"lakehouse:availabilityZones": '["eu-west-1c"]'})
    (subnet,) = declared.of_type("ec2/subnet:Subnet").values()
    assert subnet["availabilityZone"] == "eu-west-1c"
