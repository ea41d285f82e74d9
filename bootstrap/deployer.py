"""What the deployer may do, as plain data: the resources of the stacks, and their state.

The actions are those that the AWS provider asks for to make, read, change and delete what the
program declares; `*` stands only where an action takes no resource. Four documents, for a managed
policy has 6,144 characters at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.policies import allow, document
from policy.iam_actions import DEPLOYER_STARS, READ_VERBS, STAR_RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootstrap.names import BootstrapNames
    from lakehouse.policies import Document, Statement

SERVICES_OF_ROLES = ("glue.amazonaws.com", "vpc-flow-logs.amazonaws.com")
"""To whom the roles of the stacks are passed."""

_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


def _each(service: str, *names: str) -> list[str]:
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
                    *_each("s3", "CreateBucket", "DeleteBucket", "ListBucket", *_TAGS),
                ],
                [names.s3(f"{names.prefix}-*")],
            ),
            allow(
                "JobCode",
                _each("s3", "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"),
                [code],
            ),
            allow(
                "LogGroups",
                _each(
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
                _each(
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
            _free("ssm:DescribeParameters"),
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
                    *_life(
                        "glue", "Connection", "Crawler", "Database", "Job", "Trigger", "Workflow"
                    ),
                    *_each("glue", "GetTags", "StartTrigger", "StopTrigger"),
                    *_each("glue", "TagResource", "UntagResource"),
                ],
                [
                    names.arn("glue", place)
                    for place in (*glue, "catalog", f"database/{names.database_prefix}_*")
                ],
            ),
            _free(*_life("glue", "SecurityConfiguration", verbs=("Create", "Delete", "Get"))),
            allow(
                "Athena",
                [
                    *_life("athena", "WorkGroup"),
                    *_life("athena", "NamedQuery", verbs=("Create", "Delete", "Get")),
                    *_each("athena", *_TAGS),
                ],
                [names.arn("athena", f"workgroup/{prefix}-*")],
            ),
            allow(
                "Topics",
                _each(
                    "sns",
                    "CreateTopic",
                    "DeleteTopic",
                    "GetSubscriptionAttributes",
                    "GetTopicAttributes",
                    "SetTopicAttributes",
                    "Subscribe",
                    "Unsubscribe",
                    *_TAGS,
                ),
                [names.arn("sns", f"{prefix}-*")],
            ),
            allow(
                "Rules",
                _each(
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
                _each("cloudwatch", "DeleteAlarms", "DescribeAlarms", "PutMetricAlarm", *_TAGS),
                [names.arn("cloudwatch", f"alarm:{prefix}-*")],
            ),
            allow(
                "Dashboards",
                _each("cloudwatch", "DeleteDashboards", "GetDashboard", "PutDashboard"),
                [names.arn("cloudwatch", f"dashboard/{prefix}-*", regional=False)],
            ),
            allow(
                "Budgets",
                _each("budgets", "ModifyBudget", "ViewBudget", *_TAGS),
                [names.arn("budgets", f"budget/{prefix}-*", regional=False)],
            ),
        ]
    )


def network(names: BootstrapNames) -> Document:
    """VPCs without a way out: no gateway, no NAT, no peering among the actions."""
    parts = ("FlowLogs", "RouteTable", "SecurityGroup", "Subnet", "Vpc")
    return document(
        [
            allow(
                "Networks",
                [
                    *_life("ec2", *parts, verbs=("Create", "Delete")),
                    *_each("ec2", "CreateTags", "CreateVpcEndpoint", "DeleteTags"),
                    *_each("ec2", "DeleteVpcEndpoints", "ModifySubnetAttribute"),
                    *_each("ec2", "ModifyVpcAttribute", "ModifyVpcEndpoint"),
                    *_each("ec2", "AssociateRouteTable", "DisassociateRouteTable"),
                    *_each("ec2", "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"),
                    *_each("ec2", "ModifySecurityGroupRules"),
                    *_each("ec2", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
                ],
                [names.arn("ec2", "*/*")],
            ),
            _free(*(one for one in (*STAR_RESOURCES, *DEPLOYER_STARS) if one.startswith("ec2:"))),
        ]
    )


def identity(names: BootstrapNames, secrets_key_arn: str) -> Document:
    """Roles under the boundary, the keys of the stacks, and the state."""
    bounded = {"StringEquals": {"iam:PermissionsBoundary": names.boundary}}
    roles = [names.stack_roles]
    tagged = {"StringEquals": {"aws:ResourceTag/Project": "lakehouse"}}
    asked = {"StringEquals": {"aws:RequestTag/Project": "lakehouse"}}
    return document(
        [
            # Without the boundary no role is made, and no policy is put into one.
            allow(
                "BoundedRoles",
                _each(
                    "iam",
                    "CreateRole",
                    "DeleteRolePolicy",
                    "PutRolePermissionsBoundary",
                    "PutRolePolicy",
                ),
                roles,
                bounded,
            ),
            allow(
                "Roles",
                _each(
                    "iam",
                    "DeleteRole",
                    "GetRole",
                    "GetRolePolicy",
                    "ListAttachedRolePolicies",
                    "ListInstanceProfilesForRole",
                    "ListRolePolicies",
                    "ListRoleTags",
                    "TagRole",
                    "UntagRole",
                    "UpdateAssumeRolePolicy",
                    "UpdateRole",
                    "UpdateRoleDescription",
                ),
                roles,
            ),
            allow(
                "PassRoles",
                ["iam:PassRole"],
                roles,
                {"StringEquals": {"iam:PassedToService": list(SERVICES_OF_ROLES)}},
            ),
            # To try the pipeline after a deployment, as who runs it; where the operators are
            # named, their role does not trust the deployer.
            allow(
                "TryAsOperator",
                ["sts:AssumeRole"],
                [names.arn("iam", f"role/{names.prefix}-*-operator", regional=False)],
            ),
            allow("MakeKeys", ["kms:CreateKey"], ["*"], asked),
            allow("TagNewKeys", ["kms:TagResource"], [names.arn("kms", "key/*")], asked),
            # A key that bears another project's tag cannot be made ours by giving it our tag.
            {
                "Sid": "KeysOfOthers",
                "Effect": "Deny",
                "Action": ["kms:TagResource", "kms:UntagResource"],
                "Resource": [names.arn("kms", "key/*")],
                "Condition": {
                    "Null": {"aws:ResourceTag/Project": "false"},
                    "StringNotEquals": {"aws:ResourceTag/Project": "lakehouse"},
                },
            },
            allow(
                "Keys",
                _each(
                    "kms",
                    "CreateAlias",
                    "DeleteAlias",
                    "DescribeKey",
                    "EnableKeyRotation",
                    "GenerateDataKey",
                    "GetKeyPolicy",
                    "GetKeyRotationStatus",
                    "ListResourceTags",
                    "PutKeyPolicy",
                    "UntagResource",
                    "UpdateAlias",
                    "UpdateKeyDescription",
                ),
                [names.arn("kms", "key/*")],
                tagged,
            ),
            allow(
                "Aliases",
                _each("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
                [names.arn("kms", f"alias/{names.prefix}-*")],
            ),
            _free("kms:ListAliases"),
            *_state(names, secrets_key_arn, write=True),
        ]
    )


def previewer(names: BootstrapNames, secrets_key_arn: str) -> list[Document]:
    """The same documents with the actions that only read, none of an object of a zone."""
    whole = (storage(names), services(names), network(names), identity(names, "never"))
    read = []
    for one in whole:
        for statement in one["Statement"]:
            actions = [action for action in statement["Action"] if _only_reads(action)]
            if (
                statement["Effect"] == "Allow"
                and actions
                and statement["Sid"] not in {"State", "ListState", "Secrets", "JobCode"}
            ):
                read.append({**statement, "Action": actions})
    half = len(read) // 2
    return [
        document(read[:half]),
        document([*read[half:], *_state(names, secrets_key_arn, write=False)]),
    ]


def _only_reads(action: str) -> bool:
    return action.partition(":")[2].startswith((*READ_VERBS, "View"))


def _state(names: BootstrapNames, secrets_key_arn: str, *, write: bool) -> list[Statement]:
    objects = ["s3:GetObject", *(["s3:DeleteObject", "s3:PutObject"] if write else [])]
    key = ["kms:Decrypt", *(["kms:Encrypt", "kms:GenerateDataKey"] if write else [])]
    return [
        allow("State", objects, [names.s3(f"{names.state_bucket}/*")]),
        allow("ListState", ["s3:ListBucket"], [names.s3(names.state_bucket)]),
        allow("Secrets", [*key, "kms:DescribeKey"], [secrets_key_arn]),
    ]


def _free(*actions: str) -> Statement:
    """Actions that take no resource ARN; policy/iam_actions.py says why each may stand so."""
    return allow(actions[0].partition(":")[2], actions, ["*"])
