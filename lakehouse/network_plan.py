"""Which network it will be: zones, ranges and endpoints, checked before any resource exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws

from lakehouse.errors import ConfigError
from lakehouse.network_checks import ENDPOINTS, same_zone, subnet_ranges, zones_wanted

if TYPE_CHECKING:
    from lakehouse.account import Account
    from lakehouse.config import Settings


@dataclass(frozen=True)
class PrivateNetwork:
    """A VPC of the stack's own."""

    cidr: str
    subnets: tuple[tuple[str, str], ...]
    """Zone and range of each subnet."""
    services: tuple[str, ...]
    """What has an interface endpoint."""


@dataclass(frozen=True)
class ExistingNetwork:
    """A VPC that somebody else made and looks after."""

    vpc_id: str
    subnets: tuple[tuple[str, str], ...]
    """Zone and id of each subnet."""
    security_group_id: str


NetworkPlan = PrivateNetwork | ExistingNetwork | None
"""None: Glue's own network, in which the job reaches AWS over public endpoints."""


def plan_network(settings: Settings, account: Account, stack: str) -> NetworkPlan:
    """Name the zones, asking AWS only for those that the settings leave open.

    Raises:
        ConfigError: when AWS has fewer zones, or no such subnets.
    """
    if settings.network == "none":
        return None
    if settings.network == "existing":
        return _existing(settings, stack)
    if account.partition == "aws-cn":
        raise ConfigError(
            stack,
            "lakehouse:network = 'private' is not allowed in the partition aws-cn, where endpoint "
            "services have other names: give existing or none",
        )
    wanted = zones_wanted(settings)
    if isinstance(wanted, int):
        wanted = _first_zones(wanted, account.region, stack)
    ranges = subnet_ranges(settings.vpc_cidr, settings.subnet_cidrs, len(wanted))
    return PrivateNetwork(
        cidr=settings.vpc_cidr,
        subnets=tuple(zip(wanted, map(str, ranges), strict=True)),
        services=(*ENDPOINTS, *sorted(set(settings.extra_endpoints))),
    )


def _first_zones(count: int, region: str, stack: str) -> tuple[str, ...]:
    # Local zones have to be opted in to, and Glue runs in none of them.
    opted = aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])
    names = sorted(aws.get_availability_zones(state="available", filters=[opted]).names)
    if count > len(names):
        raise ConfigError(
            stack,
            f"lakehouse:availabilityZones = {count} is more than region {region} offers to this "
            f"account: give at most {len(names)}, or some of {', '.join(names)}",
        )
    return tuple(names[:count])


def _existing(settings: Settings, stack: str) -> ExistingNetwork:
    given = settings.subnet_ids or ()
    vpc, group = settings.vpc_id or "", settings.security_group_id or ""
    # These data sources find nothing where those for a single id fail without naming the setting.
    subnets = aws.ec2.get_subnets(
        filters=[aws.ec2.GetSubnetsFilterArgs(name="vpc-id", values=[vpc])]
    ).ids
    groups = aws.ec2.get_security_groups(
        filters=[aws.ec2.GetSecurityGroupsFilterArgs(name="vpc-id", values=[vpc])]
    ).ids
    problems = [
        f"lakehouse:{key} names {id_}, which is no {kind} of lakehouse:vpcId = {vpc!r} in this "
        f"account and region: give {kind}s that are there"
        for key, kind, named, found in (
            ("subnetIds", "subnet", list(given), subnets),
            ("securityGroupId", "security group", [group], groups),
        )
        for id_ in named
        if id_ not in found
    ]
    if problems:
        raise ConfigError(stack, *problems)
    if isinstance(given, dict):
        return ExistingNetwork(vpc, tuple((zone, id_) for id_, zone in given.items()), group)
    zones = [aws.ec2.get_subnet(id=id_).availability_zone for id_ in given]
    if len(set(zones)) < len(zones):
        raise ConfigError(stack, same_zone(zones))
    return ExistingNetwork(vpc, tuple(zip(zones, given, strict=True)), group)
