"""Whether the account has room: VPCs, endpoints, jobs, the job's workers, queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.network_checks import ENDPOINTS
from pipeline.doctor.findings import UncheckedError, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.doctor.subject import Subject

VPCS = ("vpc", "VPCs per Region")
INTERFACES = ("vpc", "Interface VPC endpoints per VPC")
JOBS = ("glue", "Max jobs per account")
UNITS = ("glue", "Max task DPUs per account")
QUERIES = ("athena", "Active DML queries")
"""Service and name, as Service Quotas lists them."""

DPUS = {"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
"""Data processing units of a worker."""


def network(subject: Subject) -> Iterator[Verdict]:
    """One more VPC with its endpoints, where the stack makes one."""
    settings = subject.need_settings()
    subject.need_account()
    if settings.network != "private":
        yield Verdict("ok", f"no VPC is made (lakehouse:network is {settings.network})")
        return
    if subject.deployed:
        yield Verdict("ok", "the VPC is there already")
    else:
        pages = subject.client("ec2").get_paginator("describe_vpcs").paginate()
        there = sum(len(page["Vpcs"]) for page in pages)
        yield _room(subject, VPCS, there, 1)
    yield _room(subject, INTERFACES, 0, len({*ENDPOINTS, *settings.extra_endpoints}))


def glue(subject: Subject) -> Iterator[Verdict]:
    """One more job, and as many units as it takes."""
    settings = subject.need_settings()
    subject.need_account()
    pages = subject.client("glue").get_paginator("get_jobs").paginate()
    there = sum(len(page["Jobs"]) for page in pages)
    yield _room(subject, JOBS, there, 0 if subject.deployed else 1)
    yield _room(subject, UNITS, 0, settings.worker_count * DPUS[settings.worker_type])


def athena(subject: Subject) -> Iterator[Verdict]:
    """One query at a time."""
    subject.need_account()
    yield _room(subject, QUERIES, 0, 1)


def _room(subject: Subject, which: tuple[str, str], there: int, more: int) -> Verdict:
    service, name = which
    limit = _quota(subject, service, name)
    words = f"{name}: {there:,} of {limit:,.0f} taken, {more:,} needed"
    if there + more <= limit:
        return Verdict("ok", words)
    return Verdict(
        "problem",
        words,
        f"Ask for more under Service Quotas, {service}, or remove what nobody needs.",
    )


def _quota(subject: Subject, service: str, name: str) -> float:
    """The account's own value, else AWS's default; names are compared without case."""
    client = subject.client("service-quotas")
    for call in ("list_service_quotas", "list_aws_default_service_quotas"):
        found = _named(client, call, service, name)
        if found is not None:
            return found
    raise UncheckedError(f"Service Quotas tells no {name!r} of {service}")


def _named(client: Any, call: str, service: str, name: str) -> float | None:
    pages = client.get_paginator(call).paginate(ServiceCode=service)
    for page in pages:
        for quota in page["Quotas"]:
            if quota["QuotaName"].casefold() == name.casefold():
                return float(quota["Value"])
    return None
