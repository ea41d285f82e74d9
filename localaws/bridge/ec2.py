"""VPCs, subnets and route tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.ec2_resource import Found, arn, by_tags, ec2_type, filters, first
from localaws.bridge.shapes import Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

_VPC: Shape = {
    "cidrBlock": "CidrBlock",
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
}
_SUBNET: Shape = {
    "vpcId": "VpcId",
    "cidrBlock": "CidrBlock",
    "availabilityZone": "AvailabilityZone",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}
_ROUTE_TABLE: Shape = {"vpcId": "VpcId"}
_ASSOCIATION: Shape = {"subnetId": "SubnetId", "routeTableId": "RouteTableId"}


def _settle_vpc(clients: Clients, found: dict[str, Any], inputs: Properties) -> None:
    # One attribute per call is all that EC2 takes.
    for attribute, name, default in (
        ("EnableDnsSupport", "enableDnsSupport", True),
        ("EnableDnsHostnames", "enableDnsHostnames", False),
    ):
        value = {"Value": inputs.get(name, default)}
        clients("ec2").modify_vpc_attribute(VpcId=found["VpcId"], **{attribute: value})


def _vpc_inputs(clients: Clients, found: dict[str, Any]) -> Properties:
    vpc, attributes = found["VpcId"], {}
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        attribute = name[0].lower() + name[1:]
        reply = clients("ec2").describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        attributes[name] = reply[name]["Value"]
    return told(_VPC, {**found, **attributes})


def _vpc_outputs(clients: Clients, found: dict[str, Any]) -> dict[str, Any]:
    vpc = found["VpcId"]
    group = first(
        clients, "describe_security_groups", Filters=filters(vpc_id=vpc, group_name="default")
    )
    table = first(
        clients,
        "describe_route_tables",
        Filters=[*filters(vpc_id=vpc), {"Name": "association.main", "Values": ["true"]}],
    )
    return {
        "arn": arn(clients, "vpc", vpc),
        "ownerId": found["OwnerId"],
        "defaultSecurityGroupId": (group or {}).get("GroupId"),
        "defaultRouteTableId": (table or {}).get("RouteTableId"),
        "mainRouteTableId": (table or {}).get("RouteTableId"),
    }


def _present_vpc(clients: Clients, inputs: Properties) -> str | None:
    tags = by_tags(inputs)
    # Two VPCs may well have the same addresses; without tags there is no telling.
    if not tags:
        return None
    wanted = [*filters(cidr=inputs["cidrBlock"]), *tags]
    return (first(clients, "describe_vpcs", Filters=wanted) or {}).get("VpcId")


def _create_subnet(clients: Clients, inputs: Properties) -> str:
    parameters = request(_SUBNET, inputs)
    parameters.pop("MapPublicIpOnLaunch", None)
    return str(clients("ec2").create_subnet(**parameters)["Subnet"]["SubnetId"])


def _present_subnet(clients: Clients, inputs: Properties) -> str | None:
    wanted = filters(vpc_id=inputs["vpcId"], cidr_block=inputs["cidrBlock"])
    if "availabilityZone" in inputs:
        wanted += filters(availability_zone=inputs["availabilityZone"])
    return (first(clients, "describe_subnets", Filters=wanted) or {}).get("SubnetId")


def _present_route_table(clients: Clients, inputs: Properties) -> str | None:
    tags = by_tags(inputs)
    if not tags:
        return None
    wanted = [*filters(vpc_id=inputs["vpcId"]), *tags]
    return (first(clients, "describe_route_tables", Filters=wanted) or {}).get("RouteTableId")


def _association(clients: Clients, inputs: Properties, table: str | None) -> Found:
    """The association of the subnet, with the given table or with any."""
    wanted = [{"Name": "association.subnet-id", "Values": [inputs["subnetId"]]}]
    found = first(clients, "describe_route_tables", Filters=wanted)
    if found is None or table not in {None, found["RouteTableId"]}:
        return None
    return next(
        dict(made) for made in found["Associations"] if made.get("SubnetId") == inputs["subnetId"]
    )


def _settle_association(clients: Clients, found: dict[str, Any], inputs: Properties) -> None:
    if found["RouteTableId"] != inputs["routeTableId"]:
        clients("ec2").replace_route_table_association(
            AssociationId=found["RouteTableAssociationId"], RouteTableId=inputs["routeTableId"]
        )


def _delete_association(clients: Clients, _: str, inputs: Properties) -> None:
    # A change of the table changes the id, which Pulumi does not follow.
    found = _association(clients, inputs, inputs["routeTableId"])
    if found is not None:
        clients("ec2").disassociate_route_table(AssociationId=found["RouteTableAssociationId"])


TYPES: dict[str, ResourceType] = {
    "aws:ec2/vpc:Vpc": ec2_type(
        _VPC,
        create=lambda clients, inputs: str(
            clients("ec2").create_vpc(CidrBlock=inputs["cidrBlock"])["Vpc"]["VpcId"]
        ),
        describe=lambda clients, vpc, _: first(clients, "describe_vpcs", VpcIds=[vpc]),
        present=_present_vpc,
        delete=lambda clients, vpc, _: clients("ec2").delete_vpc(VpcId=vpc),
        inputs_of=_vpc_inputs,
        outputs=_vpc_outputs,
        settle=_settle_vpc,
        replace_on=("cidrBlock",),
        defaults={"enableDnsSupport": True, "enableDnsHostnames": False},
    ),
    "aws:ec2/subnet:Subnet": ec2_type(
        _SUBNET,
        create=_create_subnet,
        describe=lambda clients, subnet, _: first(clients, "describe_subnets", SubnetIds=[subnet]),
        present=_present_subnet,
        delete=lambda clients, subnet, _: clients("ec2").delete_subnet(SubnetId=subnet),
        outputs=lambda _, found: {
            "arn": found["SubnetArn"],
            "ownerId": found["OwnerId"],
            "availabilityZone": found["AvailabilityZone"],
            "availabilityZoneId": found["AvailabilityZoneId"],
        },
        settle=lambda clients, found, inputs: clients("ec2").modify_subnet_attribute(
            SubnetId=found["SubnetId"],
            MapPublicIpOnLaunch={"Value": inputs.get("mapPublicIpOnLaunch", False)},
        ),
        replace_on=("vpcId", "cidrBlock", "availabilityZone"),
        defaults={"mapPublicIpOnLaunch": False},
    ),
    "aws:ec2/routeTable:RouteTable": ec2_type(
        _ROUTE_TABLE,
        create=lambda clients, inputs: str(
            clients("ec2").create_route_table(VpcId=inputs["vpcId"])["RouteTable"]["RouteTableId"]
        ),
        describe=lambda clients, table, _: first(
            clients, "describe_route_tables", RouteTableIds=[table]
        ),
        present=_present_route_table,
        delete=lambda clients, table, _: clients("ec2").delete_route_table(RouteTableId=table),
        outputs=lambda clients, found: {
            "arn": arn(clients, "route-table", found["RouteTableId"]),
            "ownerId": found["OwnerId"],
        },
        replace_on=("vpcId",),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ec2_type(
        _ASSOCIATION,
        create=lambda clients, inputs: str(
            clients("ec2").associate_route_table(**request(_ASSOCIATION, inputs))["AssociationId"]
        ),
        describe=lambda clients, _, inputs: _association(clients, inputs, None),
        present=lambda clients, inputs: (
            _association(clients, inputs, inputs["routeTableId"]) or {}
        ).get("RouteTableAssociationId"),
        delete=_delete_association,
        settle=_settle_association,
        replace_on=("subnetId",),
        taggable=False,
    ),
}
