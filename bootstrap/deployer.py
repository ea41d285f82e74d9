"""What the deployer may do about identities, keys and state, and what the previewer may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootstrap.resources import each, network, services, storage, without_resource
from lakehouse.statements import allow, document
from policy.iam_actions import READ_VERBS

if TYPE_CHECKING:
    from bootstrap.names import BootstrapNames
    from lakehouse.statements import Document, Statement

SERVICES_OF_ROLES = ("glue.amazonaws.com", "vpc-flow-logs.amazonaws.com")
"""To whom the roles of the stacks are passed."""


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
                each(
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
                each(
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
                each(
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
                each("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
                [names.arn("kms", f"alias/{names.prefix}-*")],
            ),
            without_resource("kms:ListAliases"),
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
