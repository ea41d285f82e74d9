"""The network, where a stack has one: closed, watched, and with doors only to AWS."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from policy.conditions import like
from policy.documents import Statement, statements
from policy.model import UNKNOWN, rule
from policy.s3 import BUCKET
from policy.strangers import STRANGER, account_of, admitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model import Problem, Resource, Stack

VPC = "ec2/vpc:Vpc"
GROUP = "ec2/securityGroup:SecurityGroup"
ENDPOINT = "ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"

REQUIRED_ENDPOINTS = ("glue", "kms", "logs", "monitoring", "sts")
"""Interface endpoints without which a job in a closed network does not start or tell."""

ROUTE_TARGETS = (
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "odbNetworkArn",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
)
"""Where a route can lead: every property of the provider's routes that names a target."""

GLUE_BUCKETS = ("arn:aws*:s3:::aws-glue-*", "arn:aws*:s3:::crawler-public*")
"""Buckets of Glue itself, from which it fetches what a run needs, with credentials of its own."""

_RANGES = ("cidrBlocks", "cidrIpv4", "cidrIpv6", "ipv6CidrBlocks")
_HTTPS = 443


@rule(37, "CKV2_AWS_11", "FSBP EC2.6", "AwsSolutions-VPC7")
def flow_logs(stack: Stack) -> Iterator[Problem]:
    """Each VPC logs all of its traffic."""
    for vpc in stack.of(VPC):
        logs = stack.pointing("ec2/flowLog:FlowLog", "vpcId", vpc)
        if not any(log.get("trafficType") == "ALL" for log in logs):
            yield vpc, "has no log of all its traffic"


@rule(38, "CKV2_AWS_12", "FSBP EC2.2")
def default_group(stack: Stack) -> Iterator[Problem]:
    """Each VPC's default security group is taken over, and empty."""
    for vpc in stack.of(VPC):
        adopted = stack.pointing("ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId", vpc)
        if not adopted:
            yield vpc, "leaves its default security group as AWS makes it"
        for group in adopted:
            if group.get("ingress") or group.get("egress"):
                yield group, "has rules"


@rule(39, "CKV_AWS_130", "FSBP EC2.15")
def no_public_subnet(stack: Stack) -> Iterator[Problem]:
    """No subnet gives out public addresses, and no route leads out of the VPC but to endpoints."""
    for subnet in stack.of("ec2/subnet:Subnet"):
        if subnet.get("mapPublicIpOnLaunch"):
            yield subnet, "gives out public addresses"
    for gateway in stack.of(
        "ec2/internetGateway:InternetGateway",
        "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
        "ec2/natGateway:NatGateway",
        "ec2/vpnGateway:VpnGateway",
        "ec2/vpcPeeringConnection:VpcPeeringConnection",
        "ec2transitgateway/vpcAttachment:VpcAttachment",
    ):
        yield gateway, "leads out of the VPC"
    for one in stack.of("ec2/route:Route"):
        if _leads_out(one.properties):
            yield one, "leads out of the VPC"
    for table in stack.of("ec2/routeTable:RouteTable", "ec2/defaultRouteTable:DefaultRouteTable"):
        if any(_leads_out(route) for route in table.get("routes") or []):
            yield table, "has a route out of the VPC"


def _leads_out(route: Mapping[str, Any]) -> bool:
    """Whether a route has a target other than the VPC itself and the endpoints in it."""
    targets = [str(route[name]) for name in ROUTE_TARGETS if route.get(name)]
    return any(target != "local" and not target.startswith("vpce-") for target in targets)


@rule(40, "AwsSolutions-EC23", "CKV_AWS_277", "CKV_AWS_382")
def closed_groups(stack: Stack) -> Iterator[Problem]:
    """Nobody comes in from everywhere and nothing goes out to everywhere: beside the group itself
    and other groups, only HTTPS, to named lists of prefixes or addresses of the VPC.
    """
    for one in stack.of(INGRESS, EGRESS, "ec2/securityGroupRule:SecurityGroupRule"):
        for outside in _outside(stack, one.properties):
            yield one, f"is open to {outside}, beyond the VPC"
        among_themselves = any(
            stack.refers(one, "securityGroupId", group)
            and stack.refers(one, "referencedSecurityGroupId", group)
            for group in stack.of(GROUP)
        )
        if not among_themselves and (one.get("fromPort"), one.get("toPort")) != (_HTTPS, _HTTPS):
            yield one, "opens more than HTTPS beyond its own group"
    for group in stack.of(GROUP):
        for inline in _inside(group):
            for outside in _outside(stack, inline):
                yield group, f"is open to {outside}, beyond the VPC"


def _outside(stack: Stack, rule_: Mapping[str, Any]) -> Iterator[str]:
    """The addresses of a rule that lie in no VPC of the stack."""
    homes = [ip_network(str(vpc.get("cidrBlock"))) for vpc in stack.of(VPC)]
    for name in _RANGES:
        value = rule_.get(name) or []
        for text in [value] if isinstance(value, str) else value:
            if text == UNKNOWN:
                continue
            network = ip_network(text, strict=False)
            if not any(
                home.version == network.version and network.subnet_of(home)  # type: ignore[arg-type]
                for home in homes
            ):
                yield text


def _inside(group: Resource) -> Iterator[Mapping[str, Any]]:
    """The rules that a group carries itself; the provider also shows those beside it there."""
    for direction in ("ingress", "egress"):
        yield from group.get(direction) or []


@rule(41, "AwsSolutions-EC27", "CKV_AWS_23", "CKV2_AWS_5", "AwsSolutions-VPC3")
def described_groups(stack: Stack) -> Iterator[Problem]:
    """Each security group and rule says what for, each group is used, and there is no network ACL
    of our own.
    """
    for one in stack.of(GROUP, INGRESS, EGRESS):
        if one.get("description") in {None, "", "Managed by Pulumi"}:
            yield one, "has no description"
    for group in stack.of(GROUP):
        if not all(inline.get("description") for inline in _inside(group)):
            yield group, "has a rule without a description"
    users = [
        *stack.of(ENDPOINT),
        *stack.of("glue/connection:Connection"),
    ]
    for group in stack.of(GROUP):
        if not any(_uses(stack, user, group) for user in users):
            yield group, "is used by nothing"
    for acl in stack.of("ec2/networkAcl:NetworkAcl"):
        yield acl, "is a network ACL: security groups say the same with a state"


def _uses(stack: Stack, user: Resource, group: Resource) -> bool:
    paths = ("securityGroupIds", "physicalConnectionRequirements.securityGroupIdLists")
    return any(stack.refers(user, path, group) for path in paths)


@rule(42, "OWN-VPCE-1", "FSBP EC2.10")
def endpoints(stack: Stack) -> Iterator[Problem]:
    """Each VPC has the doors that a job without internet needs, with private names and a policy
    that limits whose principals or resources pass.
    """
    for vpc in stack.of(VPC):
        doors = {_service(one): one for one in stack.pointing(ENDPOINT, "vpcId", vpc)}
        for service in ("s3", *REQUIRED_ENDPOINTS):
            if service not in doors:
                yield vpc, f"has no endpoint for {service}"
    for door in stack.of(ENDPOINT):
        if door.get("vpcEndpointType") == "Interface" and door.get("privateDnsEnabled") is not True:
            yield door, "has no private name, so that nobody uses it"
        if not door.get("policy"):
            yield door, "has no policy, and lets everything pass"
        for one in statements(door.document("policy")):
            places = [place for place in one.resources or ("*",) if not _is_ours(stack, place)]
            if not places or _fetches_for_glue(one, places):
                continue
            for who in admitted(one, stack.account, resource_account=STRANGER):
                yield door, f"the statement {one.sid} lets {who} pass to {', '.join(places)}"


def _service(endpoint: Resource) -> str:
    return str(endpoint.get("serviceName")).rpartition(".")[2]


def _is_ours(stack: Stack, place: str) -> bool:
    """Whether an ARN names what belongs to the account: a bucket of the stack, or its number."""
    bucket = place.partition(":s3:::")[2].partition("/")[0]
    if bucket:
        return any(bucket in one.identities for one in stack.of(BUCKET))
    return account_of(place) == stack.account


def _fetches_for_glue(statement: Statement, places: list[str]) -> bool:
    """Whether all that a statement lets everybody do elsewhere is to read Glue's own files."""
    return statement.actions == ("s3:GetObject",) and all(
        any(like(place, pattern) for pattern in GLUE_BUCKETS) for place in places
    )


RULES = (flow_logs, default_group, no_public_subnet, closed_groups, described_groups, endpoints)
