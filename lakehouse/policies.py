"""Who may do what, as plain data: pure functions from names to policy documents.

The actions follow the AWS pages "IAM permissions for AWS Glue", "Identity-based policies for
Athena" and "Prerequisites for a crawler"; ``*`` stands only where an action takes no resource ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.naming import BRONZE, LANDING, PROCESSING, RESULTS, SCRIPTS, Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Statement = dict[str, Any]
Document = dict[str, Any]

_LIST = ("s3:GetBucketLocation", "s3:ListBucket")
_WRITE_LIST = (*_LIST, "s3:ListBucketMultipartUploads")
_WRITE = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")


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
_READ_SECURITY_CONFIGURATION = allow(
    "ReadSecurityConfiguration", ["glue:GetSecurityConfiguration"], ["*"]
)

UPLOADS = tuple(
    f"{folder}/*.{ending}" for folder in ("song-data", "log-data") for ending in ("json", "json.gz")
)
"""The keys in landing that the pipeline writes."""

ANALYST_RESULTS = "analyst/"
"""Where the analysts' workgroup writes: results of the operator, who may also query the
quarantine, lie outside it."""

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


def glue_trust(names: Names) -> Document:
    """Only Glue, and only on behalf of this account (the confused deputy, CKV_AWS_60)."""
    return document(
        [
            {
                "Sid": "GlueOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "glue.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": names.account.id}},
            }
        ]
    )


def named_trust(sid: str, principals: Sequence[str]) -> Document:
    """Only the people and machines whose ARNs the stack's settings list."""
    return document(
        [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"AWS": sorted(principals)},
                "Action": "sts:AssumeRole",
            }
        ]
    )


def job_policy(names: Names) -> Document:
    """The Glue job: reads landing and its own code, writes bronze and its stage."""
    return document(
        [
            allow(
                "ReadInput",
                ["s3:GetObject"],
                [names.bucket_arn(LANDING, "*"), names.bucket_arn(SCRIPTS, "*")],
            ),
            allow("ListInput", _LIST, [names.bucket_arn(LANDING), names.bucket_arn(SCRIPTS)]),
            allow(
                "WriteTables",
                ["s3:DeleteObject", "s3:GetObject", *_WRITE],
                [names.bucket_arn(BRONZE, "*"), names.bucket_arn(PROCESSING, "*")],
            ),
            allow(
                "ListTables", _WRITE_LIST, [names.bucket_arn(BRONZE), names.bucket_arn(PROCESSING)]
            ),
            # Whether the run that left a lease behind has ended.
            allow("SeeOwnRuns", ["glue:GetJobRun"], [names.arn("glue", f"job/{names.job}")]),
            _write_logs(names, "job_output", "job_error"),
            _READ_SECURITY_CONFIGURATION,
            # PutMetricData takes no resource ARN: the namespace limits it instead.
            allow(
                "PublishMetrics",
                ["cloudwatch:PutMetricData"],
                ["*"],
                {"StringEquals": {"cloudwatch:namespace": ["Glue", "Lakehouse"]}},
            ),
        ]
    )


def crawler_policy(names: Names, tables: Sequence[str]) -> Document:
    """The crawler: reads the Delta logs, writes one database of the catalog.

    Glue asks for write access to Delta locations too ("Prerequisites for a crawler"), although a
    native target has no manifest to write.
    """
    return document(
        [
            allow(
                "ReadTables",
                ["s3:GetObject", "s3:PutObject"],
                [names.bucket_arn(BRONZE, f"{table}/*") for table in tables],
            ),
            allow("ListTables", _LIST, [names.bucket_arn(BRONZE)]),
            allow(
                "WriteCatalog",
                [
                    "glue:BatchCreatePartition",
                    "glue:BatchDeletePartition",
                    "glue:BatchGetPartition",
                    "glue:BatchUpdatePartition",
                    "glue:CreatePartition",
                    "glue:CreateTable",
                    "glue:GetDatabase",
                    "glue:GetPartition",
                    "glue:GetPartitions",
                    "glue:GetTable",
                    "glue:GetTableVersions",
                    "glue:GetTables",
                    "glue:UpdatePartition",
                    "glue:UpdateTable",
                ],
                _catalog(names),
            ),
            _write_logs(names, "crawler"),
            _READ_SECURITY_CONFIGURATION,
        ]
    )


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


def operator_policy(names: Names) -> Document:
    """The pipeline: uploads, starts, watches and queries; changes no infrastructure."""
    return document(
        [
            # Only what the pipeline uploads: the job's role can read landing, and a run can be told
            # of libraries to load. Reading: an upload looks at what an object says of its content.
            allow(
                "Upload",
                ["s3:GetObject", *_WRITE],
                [names.bucket_arn(LANDING, path) for path in UPLOADS],
            ),
            allow("ListLanding", _WRITE_LIST, [names.bucket_arn(LANDING)]),
            # What was uploaded already, and how the runs went; nothing that a run could load.
            allow(
                "OwnNotes",
                ["s3:GetObject", "s3:PutObject"],
                [
                    names.bucket_arn(PROCESSING, "uploads/index.json"),
                    names.bucket_arn(PROCESSING, "pipeline-runs/*.json"),
                ],
            ),
            # Athena reads with the rights of whoever asks.
            allow(
                "ReadTables",
                ["s3:GetObject"],
                [names.bucket_arn(BRONZE, "*"), names.bucket_arn(PROCESSING, "reports/*")],
            ),
            allow("ListTables", _LIST, [names.bucket_arn(BRONZE), names.bucket_arn(PROCESSING)]),
            allow("Results", ["s3:GetObject", *_WRITE], [names.bucket_arn(RESULTS, "*")]),
            allow("ListResults", _WRITE_LIST, [names.bucket_arn(RESULTS)]),
            # What analysts were answered is theirs: nobody puts another answer in its place.
            {
                "Sid": "NotTheResultsOfAnalysts",
                "Effect": "Deny",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": [names.bucket_arn(RESULTS, f"{ANALYST_RESULTS}*")],
            },
            allow(
                "RunJob",
                [
                    "glue:BatchStopJobRun",
                    "glue:GetJob",
                    "glue:GetJobRun",
                    "glue:GetJobRuns",
                    "glue:StartJobRun",
                ],
                [names.arn("glue", f"job/{names.job}")],
            ),
            allow(
                "RunCrawler",
                ["glue:GetCrawler", "glue:StartCrawler", "glue:StopCrawler"],
                [names.arn("glue", f"crawler/{names.crawler}")],
            ),
            allow(
                "ReadCatalog",
                [
                    "glue:GetDatabase",
                    "glue:GetPartition",
                    "glue:GetPartitions",
                    "glue:GetTable",
                    "glue:GetTables",
                ],
                _catalog(names),
            ),
            *query_in(names, names.workgroup),
            allow(
                "ReadOutputs",
                ["ssm:GetParameter"],
                [names.arn("ssm", f"parameter{names.parameter}")],
            ),
            allow(
                "ReadJobLogs",
                ["logs:FilterLogEvents", "logs:GetLogEvents"],
                _log_groups(names, "job_output", "job_error"),
            ),
        ]
    )


def _catalog(names: Names) -> list[str]:
    return [
        names.arn("glue", "catalog"),
        names.arn("glue", f"database/{names.database}"),
        names.arn("glue", f"table/{names.database}/*"),
    ]


def _log_groups(names: Names, *purposes: str) -> list[str]:
    groups = [names.arn("logs", f"log-group:{names.log_groups[purpose]}") for purpose in purposes]
    # Some actions name the group, others its streams.
    return [*groups, *(f"{group}:*" for group in groups)]


def _write_logs(names: Names, *purposes: str) -> Statement:
    # Glue asks for the group and its key although both are there already.
    return allow(
        "WriteLogs",
        [
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        _log_groups(names, *purposes),
    )
