"""The network: nothing gets in, only AWS's own services are reached, and it is refused if unfit."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

VPC = "vpc-0123456789abcdef0"
EXISTING = {
    "lakehouse:network": "existing",
    "lakehouse:vpcId": VPC,
    "lakehouse:subnetIds": '{"subnet-0000000a": "eu-west-1a", "subnet-0000000b": "eu-west-1b"}',
    "lakehouse:securityGroupId": "sg-0123456789abcdef0",
}
PROD = {
    "lakehouse:environment": "prod",
    "aws:allowedAccountIds": '["123456789012"]',
    "aws:defaultTags": '{"tags": {"Project": "p", "Environment": "prod", "ManagedBy": "m"}}',
    "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:role/operators"]',
}
NETWORK_TYPES = ("aws:ec2/", "aws:vpc/", "aws:glue/connection")


@pytest.fixture(scope="module")
def prod(declare: Callable[..., Any]) -> Any:
    """The production stack with every setting of the network at its default."""
    return declare(PROD, stack="prod")


def statements(document: str) -> dict[str, dict[str, Any]]:
    """A policy's statements by their id."""
    return {statement["Sid"]: statement for statement in json.loads(document)["Statement"]}


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


def test_zones_that_are_named_are_not_asked_for(declare: Callable[..., Any]) -> None:
    """So that a zone which AWS adds later moves nothing."""
    declared = declare({"lakehouse:availabilityZones": '["eu-west-1c"]'})
    (subnet,) = declared.of_type("ec2/subnet:Subnet").values()
    assert subnet["availabilityZone"] == "eu-west-1c"


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
