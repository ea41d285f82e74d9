"""The calls with which the AWS provider makes, reads and deletes a private network.

It waits for states after each step, and while it deletes for the codes below; any other error
stops it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
        ],
    }
)
TAGS = [{"Key": "ManagedBy", "Value": "pulumi"}, {"Key": "Name", "Value": "music-dev"}]


def _tagged(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


def _in(vpc: str, **filters: str) -> list[dict[str, Any]]:
    wanted = {"vpc-id": vpc, **{name.replace("_", "-"): value for name, value in filters.items()}}
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]


@pytest.fixture(scope="module")
def ec2(client: Callable[[str], Any]) -> Any:
    """An EC2 client of the shared server."""
    return client("ec2")


@pytest.fixture(scope="module")
def vpc(ec2: Any) -> str:
    """The id of a VPC, made as the provider makes it."""
    made = ec2.create_vpc(
        CidrBlock="10.20.0.0/20", AmazonProvidedIpv6CidrBlock=False, InstanceTenancy="default",
        TagSpecifications=_tagged("vpc"),
    )["Vpc"]  # fmt: skip
    for attribute in ("EnableDnsHostnames", "EnableDnsSupport"):
        ec2.modify_vpc_attribute(VpcId=made["VpcId"], **{attribute: {"Value": True}})
    return str(made["VpcId"])


@pytest.fixture(scope="module")
def subnet(ec2: Any, vpc: str) -> str:
    """The id of a subnet in it."""
    made = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.20.0.0/23", AvailabilityZone="us-east-1a",
        TagSpecifications=_tagged("subnet"),
    )["Subnet"]  # fmt: skip
    return str(made["SubnetId"])


def test_a_vpc_answers_every_question_of_a_read(ec2: Any, vpc: str) -> None:
    """With its attributes, and the network ACL, route table and group that came with it."""
    (shown,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert (shown["State"], shown["CidrBlock"], shown["InstanceTenancy"]) == (
        "available", "10.20.0.0/20", "default",
    )  # fmt: skip
    assert sorted(shown["Tags"], key=lambda tag: str(tag["Key"])) == TAGS
    for attribute, value in (
        ("enableDnsHostnames", True),
        ("enableDnsSupport", True),
        ("enableNetworkAddressUsageMetrics", False),
    ):
        reply = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert reply[attribute[0].upper() + attribute[1:]] == {"Value": value}
    acls = ec2.describe_network_acls(Filters=_in(vpc, default="true"))["NetworkAcls"]
    main = [*_in(vpc), {"Name": "association.main", "Values": ["true"]}]
    tables = ec2.describe_route_tables(Filters=main)["RouteTables"]
    groups = ec2.describe_security_groups(Filters=_in(vpc, group_name="default"))
    assert (len(acls), len(tables), len(groups["SecurityGroups"])) == (1, 1, 1)


def test_a_subnet_is_routed(ec2: Any, vpc: str, subnet: str, refusal: Callable[..., Any]) -> None:
    """Subnet, route table and their association show their states and are gone when deleted."""
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    (shown,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert (shown["State"], shown["MapPublicIpOnLaunch"]) == ("available", False)
    assert shown["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "ip-name"
    table = ec2.create_route_table(
        VpcId=vpc, ClientToken="t", TagSpecifications=_tagged("route-table")
    )["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    wanted = [{"Name": "association.route-table-association-id", "Values": [association]}]
    (found,) = ec2.describe_route_tables(Filters=wanted)["RouteTables"]
    (there,) = found["Associations"]
    assert (there["SubnetId"], there["AssociationState"]["State"]) == (subnet, "associated")
    ec2.disassociate_route_table(AssociationId=association)
    code = refusal(ec2.disassociate_route_table, AssociationId=association)
    assert code == ("InvalidAssociationID.NotFound", 400)
    assert ec2.describe_route_tables(Filters=wanted)["RouteTables"] == []
    ec2.delete_route_table(RouteTableId=table)
    for call in (ec2.delete_route_table, ec2.describe_route_tables):
        argument = {"RouteTableId": table} if call == ec2.delete_route_table else {}
        found_by = argument or {"RouteTableIds": [table]}
        assert refusal(call, **found_by) == ("InvalidRouteTableID.NotFound", 400)


def test_security_groups_have_the_rules_they_were_given(
    ec2: Any, vpc: str, refusal: Callable[..., Any]
) -> None:
    """AWS's own rule goes, each of ours is read by its id, and all are gone with the group."""
    group = ec2.create_security_group(
        GroupName="music-dev-job", Description="Glue job and crawler", VpcId=vpc,
        TagSpecifications=_tagged("security-group"),
    )["GroupId"]  # fmt: skip
    everywhere = {"IpProtocol": "-1", "FromPort": 0, "ToPort": 0}
    for ranges in ({"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}, {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}):
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{**everywhere, **ranges}])
    (shown,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert (shown["IpPermissions"], shown["IpPermissionsEgress"]) == ([], [])
    described = "Spark driver and workers"
    (rule,) = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535,
                "UserIdGroupPairs": [{"GroupId": group, "Description": described}],
            }
        ],
        TagSpecifications=_tagged("security-group-rule"),
    )["SecurityGroupRules"]  # fmt: skip
    identifier = rule["SecurityGroupRuleId"]
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[identifier])[
        "SecurityGroupRules"
    ]
    assert (found["Description"], found["IsEgress"], found["ToPort"]) == (described, False, 65535)
    assert found["ReferencedGroupInfo"] == {"GroupId": group, "UserId": ACCOUNT}
    assert sorted(found["Tags"], key=lambda tag: str(tag["Key"])) == TAGS
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[identifier])
    gone = ("InvalidSecurityGroupRuleId.NotFound", 400)
    read = {"SecurityGroupRuleIds": [identifier]}
    assert refusal(ec2.describe_security_group_rules, **read) == gone
    ec2.delete_security_group(GroupId=group)
    for call, by in (
        (ec2.describe_security_groups, {"GroupIds": [group]}),
        (ec2.delete_security_group, {"GroupId": group}),
        (ec2.revoke_security_group_ingress, {"GroupId": group, **read}),
    ):
        assert refusal(call, **by) == ("InvalidGroup.NotFound", 400)


def test_the_default_group_can_be_emptied(ec2: Any, vpc: str) -> None:
    """What DescribeSecurityGroups shows can be revoked as it is."""
    (group,) = ec2.describe_security_groups(Filters=_in(vpc, group_name="default"))[
        "SecurityGroups"
    ]
    ec2.revoke_security_group_egress(
        GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"]
    )
    ec2.create_tags(Resources=[group["GroupId"]], Tags=TAGS)
    (shown,) = ec2.describe_security_groups(GroupIds=[group["GroupId"]])["SecurityGroups"]
    assert (shown["IpPermissionsEgress"], len(shown["Tags"])) == ([], 2)


@pytest.fixture(scope="module")
def subnets(ec2: Any, vpc: str, subnet: str) -> list[str]:
    """The ids of a subnet in each of two zones, as production has them."""
    made = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.20.2.0/23", AvailabilityZone="us-east-1b",
        TagSpecifications=_tagged("subnet"),
    )["Subnet"]  # fmt: skip
    return [subnet, str(made["SubnetId"])]


@pytest.mark.parametrize(("kind", "zones"), [("Gateway", 0), ("Interface", 1), ("Interface", 2)])
def test_an_endpoint_is_available_and_then_deleted(
    ec2: Any, vpc: str, subnets: list[str], kind: str, zones: int
) -> None:
    """It shows policy, prefix list or a network interface a zone, and the state that ends the
    wait.
    """
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    group = ec2.describe_security_groups(Filters=_in(vpc))["SecurityGroups"][0]["GroupId"]
    service = f"com.amazonaws.us-east-1.{'s3' if kind == 'Gateway' else 'glue'}"
    place = (
        {"RouteTableIds": [table], "PrivateDnsEnabled": False}
        if kind == "Gateway"
        else {"SubnetIds": subnets[:zones], "SecurityGroupIds": [group], "PrivateDnsEnabled": True}
    )
    identifier = ec2.create_vpc_endpoint(
        ClientToken="t", VpcId=vpc, ServiceName=service, VpcEndpointType=kind,
        PolicyDocument=POLICY, TagSpecifications=_tagged("vpc-endpoint"), **place,
    )["VpcEndpoint"]["VpcEndpointId"]  # fmt: skip
    (shown,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"]
    assert (shown["State"], shown["PolicyDocument"]) == ("available", POLICY)
    named = [{"Name": "prefix-list-name", "Values": [service]}]
    lists = ec2.describe_prefix_lists(Filters=named)["PrefixLists"]
    interfaces = shown["NetworkInterfaceIds"]
    if kind == "Gateway":
        assert (shown["RouteTableIds"], len(lists), interfaces) == ([table], 1, [])
        (routed,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        to_s3 = [route for route in routed["Routes"] if "DestinationPrefixListId" in route]
        # The provider leaves out what goes through an endpoint, which it knows by this.
        assert [route["GatewayId"] for route in to_s3] == [identifier]
    else:
        assert shown["PrivateDnsEnabled"] is True
        assert (sorted(shown["SubnetIds"]), lists) == (sorted(subnets[:zones]), [])
        assert [one["GroupId"] for one in shown["Groups"]] == [group]
        cards = ec2.describe_network_interfaces(NetworkInterfaceIds=interfaces)
        placed = [card["SubnetId"] for card in cards["NetworkInterfaces"]]
        assert sorted(placed) == sorted(subnets[:zones])
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])["Unsuccessful"] == []
    (shown,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"]
    assert shown["State"] == "deleted"
    left = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": subnets}])
    assert left["NetworkInterfaces"] == []
    ec2.delete_route_table(RouteTableId=table)


def test_flow_logs_have_a_whole_life(
    ec2: Any, vpc: str, client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """Every field of a flow log comes back, as any difference replaces it."""
    client("logs").create_log_group(logGroupName="/pc/flow-logs")
    wanted = {
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        "LogDestination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/pc/flow-logs",
        "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/music-dev-flow-logs",
        "MaxAggregationInterval": 600,
    }
    (identifier,) = ec2.create_flow_logs(
        ClientToken="t", ResourceIds=[vpc], ResourceType="VPC",
        TagSpecifications=_tagged("vpc-flow-log"), **wanted,
    )["FlowLogIds"]  # fmt: skip
    (shown,) = ec2.describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
    assert {**wanted, "ResourceId": vpc}.items() <= shown.items()
    ec2.delete_flow_logs(FlowLogIds=[identifier])
    assert ec2.describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"] == []
    code = refusal(ec2.delete_flow_logs, FlowLogIds=[identifier])
    assert code == ("InvalidFlowLogId.NotFound", 400)


def test_a_network_that_is_gone_is_not_found(ec2: Any, refusal: Callable[..., Any]) -> None:
    """VPC and subnet are deleted for good, and told by their codes afterwards."""
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/20")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.0.0/24")["Subnet"]["SubnetId"]
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    for call, by, code in (
        (ec2.describe_subnets, {"SubnetIds": [subnet]}, "InvalidSubnetID.NotFound"),
        (ec2.delete_subnet, {"SubnetId": subnet}, "InvalidSubnetID.NotFound"),
        (ec2.describe_vpcs, {"VpcIds": [vpc]}, "InvalidVpcID.NotFound"),
        (ec2.delete_vpc, {"VpcId": vpc}, "InvalidVpcID.NotFound"),
    ):
        assert refusal(call, **by) == (code, 400)


def test_zones_are_listed_by_the_filters_of_the_program(ec2: Any) -> None:
    """Local zones, which have to be opted in to, are left out."""
    filters = {"opt-in-status": "opt-in-not-required", "state": "available"}
    zones = ec2.describe_availability_zones(
        AllAvailabilityZones=False,
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()],
    )["AvailabilityZones"]
    assert {zone["ZoneName"] for zone in zones} >= {"us-east-1a", "us-east-1b"}
