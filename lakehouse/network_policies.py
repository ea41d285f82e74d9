"""What passes the endpoints, and what a role needs to run inside a VPC, as plain data.

The statements for roles follow the AWS pages "Setting up Amazon VPC to connect to Amazon RDS data
stores" and "AWS managed policies for AWS Glue" (AWSGlueServiceRole), each limited to the network of
the stack where the action takes a resource.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lakehouse.naming import ZONES, Names
from lakehouse.statements import Document, Statement, allow, document
from lakehouse.trust import trust

_S3_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_ACTION_PREFIXES = {"monitoring": "cloudwatch"}
"""Services whose actions are not called like their endpoint."""


@dataclass(frozen=True)
class NetworkIds:
    """Where a role may put network interfaces, and the connections that say so."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: str
    connections: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for the stack's outputs."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


def s3_endpoint(names: Names) -> Document:
    """The gateway to S3: our buckets for our account; of anybody else's, only Glue's own files.

    Glue fetches its libraries from buckets of its own, with credentials of its own, when a run
    starts: without them it hangs until its timeout. AWS names these buckets by their beginnings
    alone (AWSGlueServiceRole), and anybody may give a bucket such a name; docs/security.md says
    what that leaves open.
    """
    buckets = [
        arn for zone in ZONES for arn in (names.bucket_arn(zone), names.bucket_arn(zone, "*"))
    ]
    partition = names.account.partition
    glue = [f"arn:{partition}:s3:::{bucket}*/*" for bucket in ("aws-glue-", "crawler-public")]
    return document(
        [
            {**allow("OurBuckets", _S3_ACTIONS, buckets, _our_account(names)), "Principal": "*"},
            {**allow("GlueOwnedAssets", ["s3:GetObject"], glue), "Principal": "*"},
        ]
    )


def service_endpoint(names: Names, service: str) -> Document:
    """An interface endpoint: its service, for principals of this account on what is this account's.

    Where the request names no resource (metrics, who am I), there is nobody's to compare.
    """
    actions = [f"{_ACTION_PREFIXES.get(service, service)}:*"]
    ours = {
        **_our_account(names),
        "StringEqualsIfExists": {"aws:ResourceAccount": names.account.id},
    }
    return document([{**allow("OurAccount", actions, ["*"], ours), "Principal": "*"}])


def flow_logs_trust(names: Names) -> Document:
    """Only the service that delivers flow logs, and only those of this account."""
    return trust(
        "FlowLogsOfThisAccount",
        {"Service": "vpc-flow-logs.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": names.account.id},
            "ArnLike": {"aws:SourceArn": names.arn("ec2", "vpc-flow-log/*")},
        },
    )


def flow_logs_policy(names: Names) -> Document:
    """The delivery of flow logs: streams and events of one log group."""
    group = names.arn("logs", f"log-group:{names.flow_log_group}")
    return document(
        [
            allow(
                "Deliver",
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [group, f"{group}:*"],
            ),
            # The service lists the groups to find its own.
            allow("FindGroup", ["logs:DescribeLogGroups"], [names.arn("logs", "log-group:*")]),
        ]
    )


def network_access(names: Names, network: NetworkIds) -> list[Statement]:
    """What Glue does in the name of a job or a crawler to put it into the VPC."""
    subnets = [names.arn("ec2", f"subnet/{subnet}") for subnet in network.subnet_ids]
    group = names.arn("ec2", f"security-group/{network.security_group_id}")
    interfaces = names.arn("ec2", "network-interface/*")
    return [
        allow(
            "ReadConnections",
            ["glue:GetConnection"],
            [names.arn("glue", "catalog")]
            + [names.arn("glue", f"connection/{connection}") for connection in network.connections],
        ),
        # These take no resource.
        allow(
            "LookAtNetwork",
            [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcEndpoints",
            ],
            ["*"],
        ),
        allow(
            "LookAtVpc", ["ec2:DescribeVpcAttribute"], [names.arn("ec2", f"vpc/{network.vpc_id}")]
        ),
        allow("CreateInterfaces", ["ec2:CreateNetworkInterface"], [*subnets, group, interfaces]),
        allow(
            "DeleteInterfaces",
            ["ec2:DeleteNetworkInterface"],
            [interfaces],
            {"ArnEquals": {"ec2:Subnet": sorted(subnets)}},
        ),
        allow(
            "TagInterfaces",
            ["ec2:CreateTags", "ec2:DeleteTags"],
            [interfaces],
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
        ),
    ]


def _our_account(names: Names) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:PrincipalAccount": names.account.id}}
