"""Who may do what, as plain data: pure functions from names to policy documents.

The actions follow the AWS pages "IAM permissions for AWS Glue", "Identity-based policies for
Athena" and "Prerequisites for a crawler"; ``*`` stands only where an action takes no resource ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.naming import BRONZE, LANDING, PROCESSING, RESULTS, SCRIPTS, Names
from lakehouse.statements import (
    LIST,
    READ_SECURITY_CONFIGURATION,
    WRITE,
    WRITE_LIST,
    Document,
    allow,
    catalog,
    document,
    log_groups,
    query_in,
    write_logs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

UPLOADS = tuple(
    f"{folder}/*.{ending}" for folder in ("song-data", "log-data") for ending in ("json", "json.gz")
)
"""The keys in landing that the pipeline writes."""

ANALYST_RESULTS = "analyst/"
"""Where the analysts' workgroup writes: results of the operator, who may also query the
quarantine, lie outside it."""


def job_policy(names: Names) -> Document:
    """The Glue job: reads landing and its own code, writes bronze and its stage."""
    return document(
        [
            allow(
                "ReadInput",
                ["s3:GetObject"],
                [names.bucket_arn(LANDING, "*"), names.bucket_arn(SCRIPTS, "*")],
            ),
            allow("ListInput", LIST, [names.bucket_arn(LANDING), names.bucket_arn(SCRIPTS)]),
            allow(
                "WriteTables",
                ["s3:DeleteObject", "s3:GetObject", *WRITE],
                [names.bucket_arn(BRONZE, "*"), names.bucket_arn(PROCESSING, "*")],
            ),
            allow(
                "ListTables", WRITE_LIST, [names.bucket_arn(BRONZE), names.bucket_arn(PROCESSING)]
            ),
            # Whether the run that left a lease behind has ended.
            allow("SeeOwnRuns", ["glue:GetJobRun"], [names.arn("glue", f"job/{names.job}")]),
            write_logs(names, "job_output", "job_error"),
            READ_SECURITY_CONFIGURATION,
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
            allow("ListTables", LIST, [names.bucket_arn(BRONZE)]),
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
                catalog(names),
            ),
            write_logs(names, "crawler"),
            READ_SECURITY_CONFIGURATION,
        ]
    )


def operator_policy(names: Names) -> Document:
    """The pipeline: uploads, starts, watches and queries; changes no infrastructure."""
    return document(
        [
            # Only what the pipeline uploads: the job's role can read landing, and a run can be told
            # of libraries to load. Reading: an upload looks at what an object says of its content.
            allow(
                "Upload",
                ["s3:GetObject", *WRITE],
                [names.bucket_arn(LANDING, path) for path in UPLOADS],
            ),
            allow("ListLanding", WRITE_LIST, [names.bucket_arn(LANDING)]),
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
            allow("ListTables", LIST, [names.bucket_arn(BRONZE), names.bucket_arn(PROCESSING)]),
            allow("Results", ["s3:GetObject", *WRITE], [names.bucket_arn(RESULTS, "*")]),
            allow("ListResults", WRITE_LIST, [names.bucket_arn(RESULTS)]),
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
                catalog(names),
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
                log_groups(names, "job_output", "job_error"),
            ),
        ]
    )
