"""The data sources of the AWS provider that programs ask before they declare anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.bridge.clients import Clients
from localaws.bridge.resource_type import Properties
from localaws.errors import UnsupportedError


def _caller_identity(clients: Clients, _: Properties) -> dict[str, Any]:
    caller = clients("sts").get_caller_identity()
    account = caller["Account"]
    return {
        "id": account,
        "accountId": account,
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def _partition(clients: Clients, _: Properties) -> dict[str, Any]:
    partition = clients.partition
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "id": partition,
        "partition": partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _region(clients: Clients, _: Properties) -> dict[str, Any]:
    region = clients.region
    return {
        "id": region,
        "region": region,
        "name": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def _availability_zones(clients: Clients, arguments: Properties) -> dict[str, Any]:
    wanted = _filters(arguments)
    if arguments.get("state"):
        wanted.append({"Name": "state", "Values": [arguments["state"]]})
    zones = clients("ec2").describe_availability_zones(Filters=wanted)["AvailabilityZones"]
    return {
        "id": clients.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", clients.region) for zone in zones}),
    }


def _subnet(clients: Clients, arguments: Properties) -> dict[str, Any]:
    (subnet,) = clients("ec2").describe_subnets(SubnetIds=[arguments["id"]])["Subnets"]
    return {
        "id": subnet["SubnetId"],
        "arn": subnet["SubnetArn"],
        "vpcId": subnet["VpcId"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet["AvailabilityZoneId"],
        "cidrBlock": subnet["CidrBlock"],
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
    }


def _key(clients: Clients, arguments: Properties) -> dict[str, Any]:
    key = clients("kms").describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {
        "id": key["KeyId"],
        "arn": key["Arn"],
        "awsAccountId": key["AWSAccountId"],
        "enabled": key["Enabled"],
        "keyState": key["KeyState"],
        "keySpec": key["KeySpec"],
    }


def _ids(
    clients: Clients, arguments: Properties, operation: str, things: str, key: str
) -> dict[str, Any]:
    wanted = _filters(arguments)
    found = getattr(clients("ec2"), operation)(Filters=wanted)[things]
    return {"id": clients.region, "ids": sorted(each[key] for each in found)}


def _filters(arguments: Properties) -> list[dict[str, Any]]:
    given = arguments.get("filters") or []
    return [{"Name": each["name"], "Values": each["values"]} for each in given]


Answer = Callable[[Clients, Properties], dict[str, Any]]

INVOKES: dict[str, tuple[Answer, frozenset[str]]] = {
    "aws:ec2/getSecurityGroups:getSecurityGroups": (
        lambda clients, arguments: _ids(
            clients, arguments, "describe_security_groups", "SecurityGroups", "GroupId"
        ),
        frozenset({"filters"}),
    ),
    "aws:ec2/getSubnet:getSubnet": (_subnet, frozenset({"id"})),
    "aws:ec2/getSubnets:getSubnets": (
        lambda clients, arguments: _ids(
            clients, arguments, "describe_subnets", "Subnets", "SubnetId"
        ),
        frozenset({"filters"}),
    ),
    "aws:kms/getKey:getKey": (_key, frozenset({"keyId"})),
    "aws:index/getAvailabilityZones:getAvailabilityZones": (
        _availability_zones,
        frozenset({"filters", "state"}),
    ),
    "aws:index/getCallerIdentity:getCallerIdentity": (_caller_identity, frozenset()),
    "aws:index/getPartition:getPartition": (_partition, frozenset()),
    "aws:index/getRegion:getRegion": (_region, frozenset()),
}
"""Token -> answer, and the arguments that it heeds."""


def invoke(clients: Clients, token: str, arguments: Properties) -> dict[str, Any]:
    """Answer a data source.

    Raises:
        UnsupportedError: for a token not in the table, or an argument that would be ignored.
    """
    if token not in INVOKES:
        raise UnsupportedError(
            f"localaws does not answer the data source {token}; it answers {', '.join(INVOKES)}"
        )
    answer, heeded = INVOKES[token]
    given = {key for key, value in arguments.items() if value is not None}
    if given - heeded:
        raise UnsupportedError(
            f"{token}: localaws takes {', '.join(sorted(heeded)) or 'no arguments'}, but got "
            f"{', '.join(sorted(given))}"
        )
    return answer(clients, arguments)
