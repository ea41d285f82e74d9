"""The keys of ``Pulumi.<stack>.yaml`` that say which network the job runs in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ZoneName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")]
ZoneCount = Annotated[int, Field(ge=1, le=6)]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
_Zones = Annotated[tuple[ZoneName, ...], Field(strict=False, min_length=1, max_length=6)]
_Subnets = Annotated[tuple[SubnetId, ...], Field(strict=False, min_length=1)]
_SubnetsWithZones = Annotated[dict[SubnetId, ZoneName], Field(min_length=1)]


class NetworkSettings(BaseModel):
    """Where the job and the crawler run; whether it all fits is `network_plan`'s to judge."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    network: Literal["private", "existing", "none"] = Field(
        default="private", description="private, existing or none"
    )
    vpc_cidr: str = Field(
        default="10.20.0.0/20", description="a private range of addresses from /16 to /28"
    )
    subnet_cidrs: tuple[str, ...] = Field(
        default=(), strict=False, description="a list of ranges within vpcCidr, one per zone"
    )
    availability_zones: ZoneCount | _Zones | None = Field(
        default=None, description="a number of zones from 1 to 6, or a list of their names"
    )
    extra_endpoints: tuple[Literal["athena", "secretsmanager"], ...] = Field(
        default=(), strict=False, description="a list of athena and secretsmanager"
    )
    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")] | None = Field(
        default=None, description="the id of a VPC, such as vpc-0123456789abcdef0"
    )
    subnet_ids: _Subnets | _SubnetsWithZones | None = Field(
        default=None, description="a list of ids of subnets, or a map from such an id to its zone"
    )
    security_group_id: Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")] | None = Field(
        default=None, description="the id of a security group, such as sg-0123456789abcdef0"
    )
