"""The security groups: the job talks to itself, to the endpoints and to S3, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.naming import Names

_HTTPS = 443
_ALL_PORTS = (0, 65535)


@dataclass(frozen=True)
class NetworkSecurityArgs:
    """The VPC to guard."""

    names: Names
    vpc_id: pulumi.Input[str]
    s3_prefix_list_id: pulumi.Input[str]


class NetworkSecurity(pulumi.ComponentResource):
    """One group for job and crawler, one for the endpoints; the default group allows nothing."""

    job_group_id: pulumi.Output[str]
    """For the network interfaces of job and crawler."""
    endpoint_group_id: pulumi.Output[str]
    """For those of the endpoints."""

    def __init__(
        self, name: str, args: NetworkSecurityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:network_security:NetworkSecurity", name, None, opts)
        base = args.names.base
        child = pulumi.ResourceOptions(parent=self)
        # Whoever makes an interface and names no group gets this one (CKV2_AWS_12, FSBP EC2.2).
        aws.ec2.DefaultSecurityGroup(
            "default", vpc_id=args.vpc_id, tags={"Name": f"{base}-default-unused"}, opts=child
        )
        job = aws.ec2.SecurityGroup(
            "job",
            name=f"{base}-job",
            description="Glue job and crawler",
            vpc_id=args.vpc_id,
            tags={"Name": f"{base}-job"},
            opts=child,
        )
        endpoints = aws.ec2.SecurityGroup(
            "endpoints",
            name=f"{base}-endpoints",
            description="Interface endpoints of AWS services",
            vpc_id=args.vpc_id,
            tags={"Name": f"{base}-endpoints"},
            opts=child,
        )
        # Driver and workers open ports as they like; Glue starts nothing without this rule.
        low, high = _ALL_PORTS
        aws.vpc.SecurityGroupIngressRule(
            "job-from-itself",
            security_group_id=job.id,
            referenced_security_group_id=job.id,
            ip_protocol="tcp",
            from_port=low,
            to_port=high,
            description="Spark driver and workers, from one another",
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            "job-to-itself",
            security_group_id=job.id,
            referenced_security_group_id=job.id,
            ip_protocol="tcp",
            from_port=low,
            to_port=high,
            description="Spark driver and workers, to one another",
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            "job-to-endpoints",
            security_group_id=job.id,
            referenced_security_group_id=endpoints.id,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description="HTTPS to the interface endpoints",
            opts=child,
        )
        aws.vpc.SecurityGroupEgressRule(
            "job-to-s3",
            security_group_id=job.id,
            prefix_list_id=args.s3_prefix_list_id,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description="HTTPS to S3 through its gateway endpoint",
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            "endpoints-from-job",
            security_group_id=endpoints.id,
            referenced_security_group_id=job.id,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description="HTTPS from Glue job and crawler",
            opts=child,
        )
        self.job_group_id = job.id
        self.endpoint_group_id = endpoints.id
        self.register_outputs(
            {"job_group_id": self.job_group_id, "endpoint_group_id": self.endpoint_group_id}
        )
