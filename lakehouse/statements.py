"""What policies are made of: documents, statements, and those that several actors have.

``*`` stands only where an action takes no resource ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakehouse.naming import Names

Statement = dict[str, Any]
Document = dict[str, Any]

LIST = ("s3:GetBucketLocation", "s3:ListBucket")
WRITE_LIST = (*LIST, "s3:ListBucketMultipartUploads")
WRITE = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")


def document(statements: Sequence[Statement]) -> Document:
    """A policy document of the current version."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Iterable[str],
    resources: Iterable[str],
    condition: dict[str, Any] | None = None,
) -> Statement:
    """One Allow statement of an identity policy."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": sorted(resources),
    }
    return statement if condition is None else {**statement, "Condition": condition}


# The action takes no resource ARN; it tells modes and the key's ARN, no secret.
READ_SECURITY_CONFIGURATION = allow(
    "ReadSecurityConfiguration", ["glue:GetSecurityConfiguration"], ["*"]
)

KEY_USES = {
    # Bookmarks are encrypted by the job itself.
    "job": ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    "crawler": ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
    "operator": ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
    "analyst": ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
}
"""Actor -> what it does with the stack's key; the key's own policy names no role."""


_THROUGH_S3 = frozenset({"operator", "analyst"})
"""Actors who need what lies in buckets, and nothing that the key could do for them beside."""


def use_key(names: Names, actor: str, key_arn: str) -> list[Statement]:
    """Let an actor use this one key, where it only reads and writes objects through S3 alone.

    Logs are read with the rights of CloudWatch Logs, and the parameter is under no key.
    """
    uses = KEY_USES[actor]
    if actor not in _THROUGH_S3:
        return [allow("UseKey", uses, [key_arn])]
    through_s3 = {"StringEquals": {"kms:ViaService": names.s3_service}}
    return [
        allow("UseKeyThroughS3", set(uses) - {"kms:DescribeKey"}, [key_arn], through_s3),
        allow("DescribeKey", ["kms:DescribeKey"], [key_arn]),
    ]


def query_in(names: Names, workgroup: str) -> list[Statement]:
    """What it takes to run queries in one workgroup, beside the rights to tables and results."""
    return [
        # Athena looks the default database up before every query.
        allow("DefaultDatabase", ["glue:GetDatabase"], [names.arn("glue", "database/default")]),
        allow(
            "Query",
            [
                "athena:BatchGetNamedQuery",
                "athena:GetNamedQuery",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
                "athena:ListNamedQueries",
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
            ],
            [names.arn("athena", f"workgroup/{workgroup}")],
        ),
    ]


def catalog(names: Names) -> list[str]:
    """The ARNs of the catalog, its one database and the tables in that."""
    return [
        names.arn("glue", "catalog"),
        names.arn("glue", f"database/{names.database}"),
        names.arn("glue", f"table/{names.database}/*"),
    ]


def log_groups(names: Names, *purposes: str) -> list[str]:
    """The ARNs of the log groups of these purposes, and of their streams."""
    groups = [names.arn("logs", f"log-group:{names.log_groups[purpose]}") for purpose in purposes]
    # Some actions name the group, others its streams.
    return [*groups, *(f"{group}:*" for group in groups)]


def write_logs(names: Names, *purposes: str) -> Statement:
    """Let Glue write to the log groups of these purposes."""
    # Glue asks for the group and its key although both are there already.
    return allow(
        "WriteLogs",
        [
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        log_groups(names, *purposes),
    )
