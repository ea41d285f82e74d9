"""What the deployer may do to the resources of the stacks, as plain data.

The actions are those that the AWS provider asks for to make, read, change and delete what the
program declares; `*` stands only where an action takes no resource. One document each, for a
managed policy has 6,144 characters at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.statements import allow, document
from policy.iam_actions import DEPLOYER_STARS, STAR_RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootstrap.names import BootstrapNames
    from lakehouse.statements import Document, Statement

_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def each(service: str, *names: str) -> list[str]:
    """The actions of a service."""
    return [f"{service}:{name}" for name in names]


def _life(
    service: str, *things: str, verbs: Iterable[str] = ("Create", "Update", "Delete", "Get")
) -> list[str]:
    return [f"{service}:{verb}{thing}" for thing in things for verb in verbs]


def storage(names: BootstrapNames) -> Document:
    """Buckets and their settings, the job's code, logs and the parameter of the outputs.

    No version of an object in a zone can be deleted: data goes by hand, never by CI.
    """
    settings = (
        "BucketLogging",
        "BucketOwnershipControls",
        "BucketPolicy",
        "BucketPublicAccessBlock",
        "BucketTagging",
        "BucketVersioning",
        "EncryptionConfiguration",
        "LifecycleConfiguration",
    )
    looked_at = (
        "AccelerateConfiguration",
        "BucketAcl",
        "BucketCORS",
        "BucketLocation",
        "BucketObjectLockConfiguration",
        "BucketRequestPayment",
        "BucketWebsite",
        "ReplicationConfiguration",
    )
    code = names.s3(f"{names.prefix}-*-aws-glue-scripts-*/*")
    groups = [
        names.arn("logs", f"log-group:{group}*")
        for group in ("/aws-glue/", f"/lakehouse/{names.prefix}-")
    ]
    return document(
        [
            allow(
                "Buckets",
                [
                    *_life("s3", *settings, verbs=("Get", "Put")),
                    *_life("s3", *looked_at, verbs=("Get",)),
                    *each("s3", "CreateBucket", "DeleteBucket", "ListBucket", *_TAGS),
                ],
                [names.s3(f"{names.prefix}-*")],
            ),
            allow(
                "JobCode",
                each("s3", "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"),
                [code],
            ),
            allow(
                "LogGroups",
                each(
                    "logs",
                    "AssociateKmsKey",
                    "CreateLogGroup",
                    "DeleteLogGroup",
                    "DeleteRetentionPolicy",
                    "PutRetentionPolicy",
                    *_TAGS,
                ),
                groups,
            ),
            allow("FindLogGroups", ["logs:DescribeLogGroups"], [names.arn("logs", "log-group:*")]),
            allow(
                "Outputs",
                each(
                    "ssm",
                    "AddTagsToResource",
                    "DeleteParameter",
                    "GetParameter",
                    "GetParameters",
                    "ListTagsForResource",
                    "PutParameter",
                    "RemoveTagsFromResource",
                ),
                [names.arn("ssm", "parameter/lakehouse/*")],
            ),
            without_resource("ssm:DescribeParameters"),
        ]
    )


def services(names: BootstrapNames) -> Document:
    """Glue, Athena, and what tells of failures."""
    prefix = names.prefix
    glue = [
        f"{kind}/{prefix}-*" for kind in ("connection", "crawler", "job", "trigger", "workflow")
    ]
    return document(
        [
            allow(
                "Glue",
                [
                    *_life("glue", "Connection", "Database", "Job", "Trigger", "Workflow"),
                    *_life("glue", "Crawler", verbs=("Update", "Delete", "Get")),
                    *each("glue", "GetTags", "StartTrigger", "StopTrigger"),
                    *each("glue", "TagResource", "UntagResource"),
                ],
                [
                    names.arn("glue", place)
                    for place in (*glue, "catalog", f"database/{names.database_prefix}_*")
                ],
            ),
            without_resource(
                *_life("glue", "SecurityConfiguration", verbs=("Create", "Delete", "Get")),
                "glue:CreateCrawler",
                *each("sns", "GetSubscriptionAttributes", "Unsubscribe"),
            ),
            allow(
                "Athena",
                [
                    *_life("athena", "WorkGroup"),
                    *_life("athena", "NamedQuery", verbs=("Create", "Delete", "Get")),
                    *each("athena", *_TAGS),
                ],
                [names.arn("athena", f"workgroup/{prefix}-*")],
            ),
            allow(
                "Topics",
                each(
                    "sns",
                    "CreateTopic",
                    "DeleteTopic",
                    "GetTopicAttributes",
                    "SetTopicAttributes",
                    "Subscribe",
                    *_TAGS,
                ),
                [names.arn("sns", f"{prefix}-*")],
            ),
            allow(
                "Rules",
                each(
                    "events",
                    "DeleteRule",
                    "DescribeRule",
                    "ListTargetsByRule",
                    "PutRule",
                    "PutTargets",
                    "RemoveTargets",
                    *_TAGS,
                ),
                [names.arn("events", f"rule/{prefix}-*")],
            ),
            allow(
                "Alarms",
                each("cloudwatch", "DeleteAlarms", "DescribeAlarms", "PutMetricAlarm", *_TAGS),
                [names.arn("cloudwatch", f"alarm:{prefix}-*")],
            ),
            allow(
                "Dashboards",
                each("cloudwatch", "DeleteDashboards", "GetDashboard", "PutDashboard"),
                [names.arn("cloudwatch", f"dashboard/{prefix}-*", regional=False)],
            ),
            allow(
                "Budgets",
                each("budgets", "ModifyBudget", "ViewBudget", *_TAGS),
                [names.arn("budgets", f"budget/{prefix}-*", regional=False)],
            ),
        ]
    )


def network(names: BootstrapNames) -> Document:
    """VPCs without a way out: no gateway, no NAT, no peering among the actions."""
    parts = ("FlowLogs", "RouteTable", "SecurityGroup", "Subnet", "Vpc")
    kinds = (
        "route-table",
        "security-group",
        "security-group-rule",
        "subnet",
        "vpc",
        "vpc-endpoint",
        "vpc-flow-log",
    )
    return document(
        [
            allow(
                "Networks",
                [
                    *_life("ec2", *parts, verbs=("Create", "Delete")),
                    *each("ec2", "CreateTags", "CreateVpcEndpoint", "DeleteTags"),
                    *each("ec2", "DeleteVpcEndpoints", "DescribeVpcAttribute"),
                    *each("ec2", "ModifySubnetAttribute"),
                    *each("ec2", "ModifyVpcAttribute", "ModifyVpcEndpoint"),
                    *each("ec2", "AssociateRouteTable", "DisassociateRouteTable"),
                    *each("ec2", "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"),
                    *each("ec2", "ModifySecurityGroupRules"),
                    *each("ec2", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
                ],
                [names.arn("ec2", f"{kind}/*") for kind in kinds],
            ),
            without_resource(
                *(one for one in (*STAR_RESOURCES, *DEPLOYER_STARS) if one.startswith("ec2:"))
            ),
        ]
    )


def without_resource(*actions: str) -> Statement:
    """Actions that take no resource ARN; policy/iam_actions.py says why each may stand so."""
    return allow(actions[0].partition(":")[2], actions, ["*"])
