"""Whether the network that the settings describe can be: pure arithmetic, no call to AWS."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakehouse.config import Settings

ENDPOINTS = ("glue", "logs", "monitoring", "kms", "sts")
"""Services that the job or the crawler calls, and reaches by an interface endpoint only."""

_PRIVATE = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_USED_BY_AWS = IPv4Network("172.17.0.0/16")
"""Several services of AWS number their own containers from it ("VPC CIDR blocks")."""
_LARGEST, _SMALLEST = 16, 28
"""Prefix lengths that AWS allows for a VPC and for a subnet."""
_RESERVED = 5
"""Addresses of each subnet that AWS keeps ("Subnet CIDR blocks")."""
_OWN_BITS = 3
"""Up to eight subnets, whatever their number is now: another zone later renumbers none."""

_ONLY_PRIVATE = ("vpc_cidr", "subnet_cidrs", "availability_zones", "extra_endpoints")
_ONLY_EXISTING = ("vpc_id", "subnet_ids", "security_group_id")


def zones_wanted(settings: Settings) -> int | tuple[str, ...]:
    """The zones by name or number; without a setting one, in production two."""
    return settings.availability_zones or (2 if settings.is_production else 1)


def subnet_ranges(cidr: str, given: Sequence[str], count: int) -> list[IPv4Network]:
    """The range of each subnet: those that the settings give, else the first of equal parts."""
    if given:
        return [IPv4Network(text) for text in given]
    whole = IPv4Network(cidr)
    parts = whole.subnets(new_prefix=min(whole.prefixlen + _OWN_BITS, _SMALLEST))
    return [part for _, part in zip(range(count), parts, strict=False)]


def network_problems(settings: Settings, region: str) -> list[str]:
    """What does not fit, each as a sentence with key, value and limit."""
    problems = list(_out_of_place(settings))
    if settings.network == "existing":
        problems.extend(_existing_problems(settings, region))
    if settings.network == "private":
        problems.extend(_private_problems(settings, region))
    return problems


def same_zone(zones: Sequence[str]) -> str:
    """The sentence about subnets of which two are in one zone."""
    return (
        f"lakehouse:subnetIds has subnets in the zones {', '.join(zones)}: give one per zone, for "
        "Glue takes a run to the first of them that it can use"
    )


def _out_of_place(settings: Settings) -> Iterator[str]:
    belongs = {"private": _ONLY_PRIVATE, "existing": _ONLY_EXISTING}
    refused = {"private": ("existing",), "existing": ("private",), "none": ("existing",)}
    for network in refused[settings.network]:
        for name in belongs[network]:
            if name in settings.model_fields_set:
                alias = type(settings).model_fields[name].alias
                yield (
                    f"lakehouse:{alias} = {getattr(settings, name)!r} counts only with "
                    f"lakehouse:network = '{network}', which is {settings.network!r}: remove it"
                )


def _existing_problems(settings: Settings, region: str) -> Iterator[str]:
    for name in _ONLY_EXISTING:
        if getattr(settings, name) is None:
            field = type(settings).model_fields[name]
            yield (
                f"lakehouse:{field.alias} is missing, which lakehouse:network = 'existing' needs: "
                f"give {field.description}"
            )
    if isinstance(settings.subnet_ids, dict):
        zones = list(settings.subnet_ids.values())
        yield from _zone_problems("subnetIds", zones, region)
        if len(set(zones)) < len(zones):
            yield same_zone(zones)


def _private_problems(settings: Settings, region: str) -> Iterator[str]:
    if settings.prefix == "sg" or settings.prefix.startswith("sg-"):
        yield (
            f"lakehouse:prefix = {settings.prefix!r} makes names that begin with 'sg-', which AWS "
            "refuses for security groups: give another prefix"
        )
    zones = zones_wanted(settings)
    if not isinstance(zones, int):
        yield from _zone_problems("availabilityZones", zones, region)
        if len(set(zones)) < len(zones):
            yield f"lakehouse:availabilityZones = {list(zones)} names a zone twice: name each once"
    count = zones if isinstance(zones, int) else len(zones)
    whole = _range(settings.vpc_cidr)
    if whole is None:
        yield _no_range("vpcCidr", settings.vpc_cidr)
        return
    told = f"lakehouse:vpcCidr = {settings.vpc_cidr!r}"
    if not _LARGEST <= whole.prefixlen <= _SMALLEST:
        yield f"{told} has {whole.num_addresses} addresses: give a range from /16 to /28"
    elif not any(whole.subnet_of(private) for private in _PRIVATE):
        private = ", ".join(map(str, _PRIVATE))
        yield f"{told} is a public range: give one within {private}"
    elif whole.overlaps(_USED_BY_AWS):
        yield f"{told} overlaps {_USED_BY_AWS}, which AWS uses itself: give another range"
    else:
        yield from _subnet_problems(settings, whole, count)


def _subnet_problems(settings: Settings, whole: IPv4Network, count: int) -> Iterator[str]:
    given = settings.subnet_cidrs
    told = f"lakehouse:subnetCidrs = {list(given)}" if given else f"lakehouse:vpcCidr = '{whole}'"
    unreadable = [text for text in given if _range(text) is None]
    if unreadable:
        yield from (_no_range("subnetCidrs", text) for text in unreadable)
        return
    ranges = subnet_ranges(str(whole), given, count)
    if len(ranges) != count:
        limit = "one for each" if given else f"at most {len(ranges)}, or a larger range"
        yield f"{told} makes {len(ranges)} subnets for {count} zones: give {limit}"
        return
    for part in ranges:
        if not part.subnet_of(whole):
            yield f"{told}: {part} is not within lakehouse:vpcCidr = '{whole}'"
    for one, other in combinations(ranges, 2):
        if one.overlaps(other):
            yield f"{told}: {one} overlaps {other}, and a subnet may not overlap another"
    endpoints = len({*ENDPOINTS, *settings.extra_endpoints})
    needed = settings.worker_count + endpoints
    smallest = max(ranges, key=lambda part: part.prefixlen)
    room = smallest.num_addresses - _RESERVED
    if room < needed:
        yield (
            f"{told} leaves a subnet of {smallest} with {max(room, 0)} addresses, but "
            f"{settings.worker_count} workers and {endpoints} endpoints take {needed}: give a "
            "larger range, or fewer workers (lakehouse:workerCount)"
        )


def _zone_problems(key: str, zones: Sequence[str], region: str) -> Iterator[str]:
    for zone in zones:
        if zone[:-1] != region:
            yield f"lakehouse:{key} names {zone!r}, which is not a zone of aws:region = {region!r}"


def _range(text: str) -> IPv4Network | None:
    try:
        found = ip_network(text)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def _no_range(key: str, text: str) -> str:
    return (
        f"lakehouse:{key} = {text!r} is no range of IPv4 addresses: give one such as 10.20.0.0/20, "
        "with no bit set behind the prefix"
    )
