"""The security groups: the job talks to itself, to the endpoints and to S3, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.naming import Names

_HTTPS = (443, 443)
_ALL_PORTS = (0, 65535)
_Rule = aws.vpc.SecurityGroupIngressRule | aws.vpc.SecurityGroupEgressRule


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

        def rule(
            kind: type[_Rule],
            logical: str,
            group: aws.ec2.SecurityGroup,
            ports: tuple[int, int],
            description: str,
            *,
            peer: aws.ec2.SecurityGroup | None = None,
            prefix_list: pulumi.Input[str] | None = None,
        ) -> None:
            kind(
                logical,
                security_group_id=group.id,
                referenced_security_group_id=None if peer is None else peer.id,
                prefix_list_id=prefix_list,
                ip_protocol="tcp",
                from_port=ports[0],
                to_port=ports[1],
                description=description,
                opts=child,
            )

        ingress = aws.vpc.SecurityGroupIngressRule
        egress = aws.vpc.SecurityGroupEgressRule
        # Driver and workers open ports as they like; Glue starts nothing without the first rule.
        text = "Spark driver and workers, from one another"
        rule(ingress, "job-from-itself", job, _ALL_PORTS, text, peer=job)
        text = "Spark driver and workers, to one another"
        rule(egress, "job-to-itself", job, _ALL_PORTS, text, peer=job)
        text = "HTTPS to the interface endpoints"
        rule(egress, "job-to-endpoints", job, _HTTPS, text, peer=endpoints)
        text = "HTTPS to S3 through its gateway endpoint"
        rule(egress, "job-to-s3", job, _HTTPS, text, prefix_list=args.s3_prefix_list_id)
        text = "HTTPS from Glue job and crawler"
        rule(ingress, "endpoints-from-job", endpoints, _HTTPS, text, peer=job)
        self.job_group_id = job.id
        self.endpoint_group_id = endpoints.id
        self.register_outputs(
            {"job_group_id": self.job_group_id, "endpoint_group_id": self.endpoint_group_id}
        )
