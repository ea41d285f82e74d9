"""Who can do what: every role asked, over the very documents that the production stack declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bootstrap.boundary import boundary
from bootstrap.names import BootstrapNames
from lakehouse.account import Account
from lakehouse.naming import ZONES, Names
from policy.evaluator import Decision, Request, evaluate
from spark.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model import Stack

ACCOUNT = "111122223333"
REGION = "us-east-1"
NAMES = Names("music", "prod", Account(ACCOUNT, "aws", REGION))
CAN, CANNOT = True, False
ALGORITHM = "s3:x-amz-server-side-encryption"
VIA_S3 = f"s3.{REGION}.amazonaws.com"
ENCRYPTION_KEY = f"{ALGORITHM}-aws-kms-key-id"

PLACES = {
    **{zone: NAMES.bucket_arn(zone) for zone in ZONES},
    "job": NAMES.arn("glue", f"job/{NAMES.job}"),
    "crawler": NAMES.arn("glue", f"crawler/{NAMES.crawler}"),
    "catalog": NAMES.arn("glue", "catalog"),
    "database": NAMES.arn("glue", f"database/{NAMES.database}"),
    "table": NAMES.arn("glue", f"table/{NAMES.database}"),
    "workgroup": NAMES.arn("athena", f"workgroup/{NAMES.workgroup}"),
    "analyst-workgroup": NAMES.arn("athena", f"workgroup/{NAMES.analyst_workgroup}"),
    "parameter": NAMES.arn("ssm", f"parameter{NAMES.parameter}"),
    "logs": NAMES.arn("logs", "log-group:"),
    "job-logs": NAMES.arn("logs", f"log-group:{NAMES.log_groups['job_output']}"),
    "crawler-logs": NAMES.arn("logs", f"log-group:{NAMES.log_groups['crawler']}"),
    "flow-logs": NAMES.arn("logs", f"log-group:{NAMES.flow_log_group}"),
    "role": NAMES.iam_arn(f"role/{NAMES.base}"),
    "interface": NAMES.arn("ec2", "network-interface/eni-1"),
    "connection": NAMES.arn("glue", f"connection/{NAMES.connection('us-east-1a')}"),
    "glue": NAMES.arn("glue", ""),
    "athena": NAMES.arn("athena", ""),
    "kms": NAMES.arn("kms", ""),
}
"""What the table below may name in braces; the key is added from the stack."""

TABLE: list[tuple[str, str, str, bool]] = [
    # The job: reads landing and its code, writes bronze and its stage.
    ("job", "s3:GetObject", "{landing-zone}/song-data/a.json", CAN),
    ("job", "s3:ListBucket", "{landing-zone}", CAN),
    ("job", "s3:PutObject", "{landing-zone}/song-data/a.json", CANNOT),
    ("job", "s3:DeleteObject", "{landing-zone}/song-data/a.json", CANNOT),
    ("job", "s3:GetObject", "{aws-glue-scripts}/abc/job.py", CAN),
    ("job", "s3:PutObject", "{aws-glue-scripts}/abc/job.py", CANNOT),
    ("job", "s3:PutObject", "{bronze}/songs/_delta_log/0.json", CAN),
    ("job", "s3:GetObject", "{bronze}/songs/part-0.parquet", CAN),
    ("job", "s3:DeleteObject", "{bronze}/songs/part-0.parquet", CAN),
    ("job", "s3:DeleteObjectVersion", "{bronze}/songs/part-0.parquet", CANNOT),
    ("job", "s3:PutBucketVersioning", "{bronze}", CANNOT),
    ("job", "s3:PutObject", "{processing-zone}/runs/1/part-0.parquet", CAN),
    ("job", "s3:PutObject", "{gold}/x", CANNOT),
    ("job", "s3:GetObject", "{query-results}/1.csv", CANNOT),
    ("job", "s3:GetObject", "{access-logs}/x", CANNOT),
    ("job", "s3:GetObject", "arn:aws:s3:::somebody-else/x", CANNOT),
    ("job", "kms:Decrypt", "{key}", CAN),
    ("job", "kms:GenerateDataKey", "{key}", CAN),
    ("job", "kms:Decrypt", "{kms}key/another", CANNOT),
    ("job", "kms:ScheduleKeyDeletion", "{key}", CANNOT),
    ("job", "kms:PutKeyPolicy", "{key}", CANNOT),
    ("job", "glue:GetJobRun", "{job}", CAN),
    ("job", "glue:StartJobRun", "{job}", CANNOT),
    ("job", "glue:CreateTable", "{table}/songs", CANNOT),
    ("job", "logs:PutLogEvents", "{job-logs}:log-stream:1", CAN),
    ("job", "logs:PutLogEvents", "{crawler-logs}:log-stream:1", CANNOT),
    ("job", "logs:DeleteLogGroup", "{job-logs}", CANNOT),
    ("job", "glue:UpdateJob", "{job}", CANNOT),
    ("job", "s3:PutBucketPolicy", "{bronze}", CANNOT),
    ("job", "s3:PutObject", "{access-logs}/x", CANNOT),
    ("job", "kms:CreateGrant", "{key}", CANNOT),
    ("job", "ssm:PutParameter", "{parameter}", CANNOT),
    ("job", "logs:DeleteLogStream", "{job-logs}:log-stream:1", CANNOT),
    ("job", "iam:PassRole", "{role}-job", CANNOT),
    ("job", "sts:AssumeRole", "{role}-operator", CANNOT),
    ("job", "ec2:CreateNetworkInterface", "{interface}", CAN),
    ("job", "ec2:AuthorizeSecurityGroupIngress", "{interface}", CANNOT),
    ("job", "glue:GetConnection", "{connection}", CAN),
    ("job", "glue:UpdateConnection", "{connection}", CANNOT),
    ("job", "glue:GetSecurityConfiguration", "*", CAN),
    # The crawler: reads the tables, writes one database of the catalog.
    ("crawler", "s3:GetObject", "{bronze}/songs/_delta_log/0.json", CAN),
    ("crawler", "s3:DeleteObject", "{bronze}/songs/part-0.parquet", CANNOT),
    ("crawler", "s3:GetObject", "{bronze}/elsewhere/part-0.parquet", CANNOT),
    ("crawler", "s3:GetObject", "{landing-zone}/a.json", CANNOT),
    ("crawler", "s3:GetObject", "{processing-zone}/runs/1/x", CANNOT),
    ("crawler", "glue:CreateTable", "{table}/songs", CAN),
    ("crawler", "glue:UpdateTable", "{table}/songs", CAN),
    ("crawler", "glue:DeleteTable", "{table}/songs", CANNOT),
    ("crawler", "glue:DeleteDatabase", "{database}", CANNOT),
    ("crawler", "glue:CreateTable", "{glue}table/another/songs", CANNOT),
    ("crawler", "glue:StartJobRun", "{job}", CANNOT),
    ("crawler", "kms:Decrypt", "{key}", CAN),
    ("crawler", "kms:Encrypt", "{key}", CANNOT),
    ("crawler", "logs:PutLogEvents", "{crawler-logs}:log-stream:1", CAN),
    ("crawler", "logs:PutLogEvents", "{job-logs}:log-stream:1", CANNOT),
    ("crawler", "cloudwatch:PutMetricData", "*", CANNOT),
    # The operator: uploads, runs, crawls and queries; changes no infrastructure.
    ("operator", "s3:PutObject", "{landing-zone}/song-data/a.json", CAN),
    ("operator", "s3:PutObject", "{landing-zone}/log-data/2018/11/a.json.gz", CAN),
    # What a run could be told to load as code does not get where the job can read it.
    ("operator", "s3:PutObject", "{landing-zone}/job.py", CANNOT),
    ("operator", "s3:PutObject", "{landing-zone}/song-data/evil-1.0-py3-none-any.whl", CANNOT),
    # An upload asks an object for its hash.
    ("operator", "s3:GetObject", "{landing-zone}/song-data/a.json", CAN),
    ("operator", "s3:DeleteObject", "{landing-zone}/song-data/a.json", CANNOT),
    ("operator", "s3:GetObject", "{processing-zone}/uploads/index.json", CAN),
    ("operator", "s3:PutObject", "{processing-zone}/uploads/index.json", CAN),
    ("operator", "s3:PutObject", "{processing-zone}/runs/1/x", CANNOT),
    ("operator", "s3:PutObject", "{processing-zone}/reports/1.json", CANNOT),
    ("operator", "s3:DeleteObject", "{processing-zone}/runs/1/x", CANNOT),
    ("operator", "s3:PutObject", "{bronze}/_lease/writer.json", CANNOT),
    ("operator", "s3:PutObject", "{query-results}/1.csv", CAN),
    ("operator", "s3:PutObject", "{query-results}/analyst/1.csv", CANNOT),
    ("operator", "s3:GetObject", "{query-results}/analyst/1.csv", CANNOT),
    ("operator", "s3:DeleteObject", "{query-results}/1.csv", CANNOT),
    ("operator", "glue:CreateJob", "{job}", CANNOT),
    ("operator", "glue:UpdateCrawler", "{crawler}", CANNOT),
    ("operator", "glue:UpdateTable", "{table}/songs", CANNOT),
    ("operator", "logs:DeleteLogStream", "{job-logs}:log-stream:1", CANNOT),
    ("operator", "logs:PutLogEvents", "{job-logs}:log-stream:1", CANNOT),
    ("operator", "kms:CreateGrant", "{key}", CANNOT),
    ("operator", "sts:AssumeRole", "{role}-job", CANNOT),
    ("operator", "s3:GetObject", "{bronze}/quarantined_records/x.parquet", CAN),
    ("operator", "s3:PutObject", "{bronze}/songs/part-0.parquet", CANNOT),
    ("operator", "s3:GetObject", "{processing-zone}/reports/1.json", CAN),
    ("operator", "s3:GetObject", "{processing-zone}/runs/1/x", CANNOT),
    ("operator", "s3:PutObject", "{processing-zone}/uploads/evil.zip", CANNOT),
    ("operator", "s3:PutObject", "{processing-zone}/pipeline-runs/1.json", CAN),
    ("operator", "s3:PutObject", "{processing-zone}/pipeline-runs/evil.zip", CANNOT),
    ("operator", "s3:DeleteObject", "{processing-zone}/pipeline-runs/1.json", CANNOT),
    ("operator", "s3:PutObject", "{aws-glue-scripts}/abc/job.py", CANNOT),
    ("operator", "s3:PutBucketPolicy", "{bronze}", CANNOT),
    ("operator", "glue:StartJobRun", "{job}", CAN),
    ("operator", "glue:BatchStopJobRun", "{job}", CAN),
    ("operator", "glue:UpdateJob", "{job}", CANNOT),
    ("operator", "glue:StartJobRun", "{glue}job/another", CANNOT),
    ("operator", "glue:StartCrawler", "{crawler}", CAN),
    ("operator", "glue:GetTable", "{table}/songs", CAN),
    ("operator", "glue:DeleteTable", "{table}/songs", CANNOT),
    ("operator", "athena:StartQueryExecution", "{workgroup}", CAN),
    ("operator", "athena:StartQueryExecution", "{athena}workgroup/primary", CANNOT),
    ("operator", "athena:UpdateWorkGroup", "{workgroup}", CANNOT),
    ("operator", "ssm:GetParameter", "{parameter}", CAN),
    ("operator", "ssm:PutParameter", "{parameter}", CANNOT),
    ("operator", "ssm:GetParameter", NAMES.arn("ssm", "parameter/another"), CANNOT),
    # The key only for objects, through S3: nothing is decrypted or encrypted beside it.
    ("operator", "kms:GenerateDataKey", "{key}", CANNOT),
    ("operator", "kms:Decrypt", "{key}", CANNOT),
    ("operator", "kms:Encrypt", "{key}", CANNOT),
    ("operator", "kms:DescribeKey", "{key}", CAN),
    ("operator", "glue:GetCrawler", "{crawler}", CAN),
    ("operator", "glue:ListCrawls", "{crawler}", CANNOT),
    ("operator", "kms:DisableKey", "{key}", CANNOT),
    ("operator", "iam:PassRole", "{role}-job", CANNOT),
    ("operator", "logs:GetLogEvents", "{job-logs}:log-stream:1", CAN),
    ("operator", "logs:GetLogEvents", "{flow-logs}:log-stream:1", CANNOT),
    # The analyst: queries the chosen tables; never the quarantine, users or others' results.
    ("analyst", "s3:GetObject", "{bronze}/songs/part-0.parquet", CAN),
    ("analyst", "s3:GetObject", "{bronze}/quarantined_records/part-0.parquet", CANNOT),
    ("analyst", "s3:GetObject", "{bronze}/ingested_files/part-0.parquet", CANNOT),
    ("analyst", "s3:GetObject", "{bronze}/users/part-0.parquet", CANNOT),
    ("analyst", "s3:PutObject", "{bronze}/songs/part-0.parquet", CANNOT),
    ("analyst", "s3:GetObject", "{landing-zone}/song-data/a.json", CANNOT),
    ("analyst", "s3:GetObject", "{processing-zone}/reports/1.json", CANNOT),
    ("analyst", "s3:PutObject", "{query-results}/analyst/1.csv", CAN),
    ("analyst", "s3:GetObject", "{query-results}/analyst/1.csv", CAN),
    ("analyst", "s3:GetObject", "{query-results}/1.csv", CANNOT),
    ("analyst", "glue:GetTable", "{table}/songs", CAN),
    ("analyst", "glue:GetTable", "{table}/quarantined_records", CANNOT),
    ("analyst", "glue:StartJobRun", "{job}", CANNOT),
    ("analyst", "glue:StartCrawler", "{crawler}", CANNOT),
    ("analyst", "athena:StartQueryExecution", "{analyst-workgroup}", CAN),
    ("analyst", "athena:StartQueryExecution", "{workgroup}", CANNOT),
    ("analyst", "athena:GetQueryResults", "{workgroup}", CANNOT),
    ("analyst", "athena:UpdateWorkGroup", "{analyst-workgroup}", CANNOT),
    ("analyst", "s3:GetObject", "{processing-zone}/runs/1/part-0.parquet", CANNOT),
    ("analyst", "s3:DeleteObject", "{query-results}/analyst/1.csv", CANNOT),
    ("analyst", "glue:UpdateTable", "{table}/songs", CANNOT),
    ("analyst", "glue:GetJobRuns", "{job}", CANNOT),
    ("analyst", "logs:GetLogEvents", "{job-logs}:log-stream:1", CANNOT),
    ("analyst", "kms:CreateGrant", "{key}", CANNOT),
    ("analyst", "kms:Decrypt", "{key}", CANNOT),
    ("analyst", "kms:GenerateDataKey", "{key}", CANNOT),
    ("analyst", "kms:DescribeKey", "{key}", CAN),
    ("analyst", "ssm:GetParameter", "{parameter}", CANNOT),
    # The delivery of flow logs: one log group.
    ("flow-logs", "logs:PutLogEvents", "{flow-logs}:log-stream:1", CAN),
    ("flow-logs", "logs:PutLogEvents", "{job-logs}:log-stream:1", CANNOT),
    ("flow-logs", "s3:GetObject", "{bronze}/songs/part-0.parquet", CANNOT),
]

CONDITIONS: list[tuple[str, str, str, dict[str, str], bool]] = [
    ("job", "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Glue"}, CAN),
    ("job", "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Lakehouse"}, CAN),
    ("job", "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Theirs"}, CANNOT),
    ("job", "s3:GetObject", "{bronze}/a", {"aws:SecureTransport": "false"}, CANNOT),
    ("operator", "s3:ListBucket", "{landing-zone}", {"aws:SecureTransport": "false"}, CANNOT),
    ("job", "s3:PutObject", "{bronze}/a", {ALGORITHM: "aws:kms", ENCRYPTION_KEY: "{key}"}, CAN),
    # KMS without a key is AWS's own key, not the bucket's.
    ("job", "s3:PutObject", "{bronze}/a", {ALGORITHM: "aws:kms"}, CANNOT),
    ("job", "s3:PutObject", "{bronze}/a", {ALGORITHM: "AES256"}, CANNOT),
    ("job", "s3:PutObject", "{bronze}/a", {ALGORITHM: "aws:kms:dsse"}, CANNOT),
    (
        "operator",
        "s3:PutObject",
        "{landing-zone}/a",
        {ALGORITHM: "aws:kms", ENCRYPTION_KEY: "{kms}key/another"},
        CANNOT,
    ),
    ("operator", "kms:Decrypt", "{key}", {"kms:ViaService": VIA_S3}, CAN),
    ("operator", "kms:GenerateDataKey", "{key}", {"kms:ViaService": VIA_S3}, CAN),
    ("operator", "kms:Decrypt", "{kms}key/another", {"kms:ViaService": VIA_S3}, CANNOT),
    ("operator", "kms:Decrypt", "{key}", {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}, CANNOT),
    ("operator", "kms:Decrypt", "{key}", {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, CANNOT),
    ("analyst", "kms:Decrypt", "{key}", {"kms:ViaService": VIA_S3}, CAN),
    ("analyst", "kms:GenerateDataKey", "{key}", {"kms:ViaService": VIA_S3}, CAN),
    ("analyst", "kms:Decrypt", "{key}", {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}, CANNOT),
    ("analyst", "s3:ListBucket", "{bronze}", {"s3:prefix": "songs/_delta_log/"}, CAN),
    ("analyst", "s3:ListBucket", "{bronze}", {"s3:prefix": "quarantined_records/"}, CANNOT),
    ("analyst", "s3:ListBucket", "{bronze}", {}, CANNOT),
    ("analyst", "s3:ListBucket", "{query-results}", {"s3:prefix": ""}, CANNOT),
]

GLUES = f"aws-glue-jes-prod-{REGION}-assets"
THEIRS = "999999999999"
OURS_BY_US = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
THEIRS_BY_US = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": THEIRS}
OURS_BY_THEM = {"aws:PrincipalAccount": THEIRS, "aws:ResourceAccount": ACCOUNT}

ENDPOINTS: list[tuple[str, str, str, dict[str, str], bool]] = [
    # To S3: our buckets for our account, and of others' those alone that are called like Glue's.
    ("s3", "s3:GetObject", "{landing-zone}/song-data/a.json", OURS_BY_US, CAN),
    ("s3", "s3:PutObject", "{bronze}/songs/part-0.parquet", OURS_BY_US, CAN),
    ("s3", "s3:ListBucket", "{bronze}", OURS_BY_US, CAN),
    ("s3", "s3:GetObject", "{bronze}/songs/part-0.parquet", OURS_BY_THEM, CANNOT),
    ("s3", "s3:PutObject", "{bronze}/songs/part-0.parquet", OURS_BY_THEM, CANNOT),
    ("s3", "s3:PutBucketPolicy", "{bronze}", OURS_BY_US, CANNOT),
    ("s3", "s3:DeleteObjectVersion", "{bronze}/songs/part-0.parquet", OURS_BY_US, CANNOT),
    ("s3", "s3:PutObject", "arn:aws:s3:::somebody-else/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:GetObject", "arn:aws:s3:::somebody-else/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:GetObject", "arn:aws:s3:::another-of-ours/x", OURS_BY_US, CANNOT),
    ("s3", "s3:GetObject", f"arn:aws:s3:::{GLUES}/libs/x.jar", {"aws:PrincipalAccount": "1"}, CAN),
    ("s3", "s3:PutObject", f"arn:aws:s3:::{GLUES}/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:ListBucket", f"arn:aws:s3:::{GLUES}", THEIRS_BY_US, CANNOT),
    # The way out that docs/security.md names: a stranger's bucket may bear such a name.
    ("s3", "s3:GetObject", "arn:aws:s3:::aws-glue-of-a-stranger/x", THEIRS_BY_US, CAN),
    # To the others: their one service, by our account, on what is ours.
    ("glue", "glue:GetJobRun", "{job}", OURS_BY_US, CAN),
    ("glue", "glue:GetJobRun", "{job}", OURS_BY_THEM, CANNOT),
    ("glue", "glue:GetTable", f"arn:aws:glue:{REGION}:{THEIRS}:table/d/t", THEIRS_BY_US, CANNOT),
    ("glue", "s3:GetObject", "{bronze}/songs/x", OURS_BY_US, CANNOT),
    ("logs", "logs:PutLogEvents", "{job-logs}:log-stream:1", OURS_BY_US, CAN),
    (
        "logs",
        "logs:PutLogEvents",
        f"arn:aws:logs:{REGION}:{THEIRS}:log-group:g",
        THEIRS_BY_US,
        CANNOT,
    ),
    ("logs", "logs:PutLogEvents", "{job-logs}:log-stream:1", OURS_BY_THEM, CANNOT),
    ("kms", "kms:Decrypt", "{key}", OURS_BY_US, CAN),
    ("kms", "kms:Encrypt", f"arn:aws:kms:{REGION}:{THEIRS}:key/k", THEIRS_BY_US, CANNOT),
    ("kms", "kms:Decrypt", "{key}", OURS_BY_THEM, CANNOT),
    ("sts", "sts:AssumeRole", f"arn:aws:iam::{THEIRS}:role/r", THEIRS_BY_US, CANNOT),
    # These name no resource.
    ("sts", "sts:GetCallerIdentity", "*", {"aws:PrincipalAccount": ACCOUNT}, CAN),
    ("sts", "sts:GetCallerIdentity", "*", {"aws:PrincipalAccount": THEIRS}, CANNOT),
    ("monitoring", "cloudwatch:PutMetricData", "*", {"aws:PrincipalAccount": ACCOUNT}, CAN),
    ("monitoring", "cloudwatch:PutMetricData", "*", {"aws:PrincipalAccount": THEIRS}, CANNOT),
]
"""Endpoint, action, resource, what AWS knows of the request, and whether it passes."""

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
TEAM = NAMES.iam_arn("role/data-engineers")

WHO_OPERATES: list[tuple[str, str, bool]] = [
    # In development whom the account's administrators let in, which is what its root stands for.
    ("dev", NAMES.iam_arn("role/anybody"), CAN),
    ("dev", NAMES.iam_arn("user/anybody"), CAN),
    ("dev", "arn:aws:iam::999999999999:role/anybody", CANNOT),
    ("dev", "arn:aws:iam::999999999999:root", CANNOT),
    # In production those that are named, and nobody else of the account.
    ("prod", TEAM, CAN),
    ("prod", NAMES.iam_arn("role/anybody"), CANNOT),
    ("prod", NAMES.iam_arn("role/data-engineers2"), CANNOT),
    ("prod", ROOT, CANNOT),
    ("prod", "arn:aws:iam::999999999999:role/data-engineers", CANNOT),
]
"""Stack, principal with the right to assume every role, and whether it may be the operator."""

SERVICES: list[tuple[str, str, str, dict[str, str], bool]] = [
    ("glue", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": ACCOUNT}, CAN),
    ("glue", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": "999999999999"}, CANNOT),
    ("glue", "sts:AssumeRole", "{role}-operator", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    ("lambda", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    (
        "logging.s3",
        "s3:PutObject",
        "{access-logs}/x",
        {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "{bronze}"},
        CAN,
    ),
    (
        "logging.s3",
        "s3:PutObject",
        "{access-logs}/x",
        {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "arn:aws:s3:::another"},
        CANNOT,
    ),
    ("logging.s3", "s3:PutObject", "{bronze}/x", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{job-logs}"},
        CAN,
    ),
    # A log group of somebody else in the account does not come under the lakehouse's key.
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{logs}/another/application"},
        CANNOT,
    ),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{flow-logs}"},
        CAN,
    ),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:999999999999:log-group:x"},
        CANNOT,
    ),
    ("events", "kms:Decrypt", "{key}", {"aws:SourceAccount": ACCOUNT}, CAN),
    ("events", "kms:Decrypt", "{key}", {"aws:SourceAccount": "999999999999"}, CANNOT),
    # A stack without a budget: prod, as it is committed, has none.
    ("budgets", "kms:Decrypt", "{key}", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    ("events", "kms:ScheduleKeyDeletion", "{key}", {"aws:SourceAccount": ACCOUNT}, CANNOT),
]


class World:
    """The documents of a stack, and the questions that they answer."""

    def __init__(self, stack: Stack) -> None:
        (key,) = stack.of("kms/key:Key")
        self.places = {**PLACES, "key": key.arn}
        self.identity: dict[str, list[Mapping[str, Any]]] = {}
        for policy in stack.of("iam/rolePolicy:RolePolicy"):
            held = policy.document("policy")
            assert held is not None
            self.identity.setdefault(policy.properties["role"], []).append(held)
        self.on_resource = {key.arn: key.document("policy")}
        for bucket in stack.of("s3/bucketPolicy:BucketPolicy"):
            arn = f"arn:aws:s3:::{bucket.properties['bucket']}"
            self.on_resource[arn] = bucket.document("policy")
        self.doors = {
            str(one.properties["serviceName"]).rpartition(".")[2]: one.document("policy")
            for one in stack.of("ec2/vpcEndpoint:VpcEndpoint")
        }
        for role in stack.of("iam/role:Role"):
            self.on_resource[role.arn] = role.document("assumeRolePolicy")

    def can(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Mapping[str, str],
        boundary: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether a role, by its actor, or a service may do it."""
        target = resource.format(**self.places)
        known = {key: value.format(**self.places) for key, value in context.items()}
        role = f"{NAMES.base}-{principal}"
        identity: list[Mapping[str, Any]] = []
        if role in self.identity:
            identity = self.identity[role]
            principal = NAMES.iam_arn(f"role/{role}")
            caller = {"aws:PrincipalArn": principal, "aws:PrincipalAccount": ACCOUNT}
            known = {"aws:SecureTransport": "true", **caller, **known}
        else:
            principal = f"{principal}.amazonaws.com"
        decision = evaluate(
            Request(principal, action, target, known),
            identity=identity,
            resource_policy=self._guard(target),
            boundary=boundary,
        )
        return decision is Decision.ALLOWED

    def _guard(self, target: str) -> Mapping[str, Any] | None:
        held = self.on_resource.get(target)
        return held if held is not None else self.on_resource.get(target.partition("/")[0])


@pytest.fixture(scope="module")
def world(declare: Callable[..., Stack]) -> World:
    """The production stack."""
    return World(declare("prod"))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(row[:3]))
def test_can_and_cannot(world: World, row: tuple[str, str, str, bool]) -> None:
    """Each actor does its work, and only that."""
    actor, action, resource, expected = row
    assert world.can(actor, action, resource, {}) is expected


@pytest.mark.parametrize("row", [*CONDITIONS, *SERVICES], ids=str)
def test_can_and_cannot_under_conditions(
    world: World, row: tuple[str, str, str, dict[str, str], bool]
) -> None:
    """TLS, encryption headers, prefixes, and on whose behalf a service acts."""
    principal, action, resource, context, expected = row
    assert world.can(principal, action, resource, context) is expected


@pytest.mark.parametrize("row", WHO_OPERATES, ids=str)
def test_who_may_be_the_operator(declare: Callable[..., Stack], row: tuple[str, str, bool]) -> None:
    """The role's trust decides, and whoever lets a principal of the account assume roles."""
    stack, principal, expected = row
    (role,) = [one for one in declare(stack).of("iam/role:Role") if one.name == "operator-role"]
    everything = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
    decision = evaluate(
        Request(principal, "sts:AssumeRole", role.arn),
        identity=[everything],
        resource_policy=role.document("assumeRolePolicy"),
        owner=ACCOUNT,
    )
    assert (decision is Decision.ALLOWED) is expected


@pytest.mark.parametrize("row", ENDPOINTS, ids=str)
def test_what_passes_the_endpoints(
    world: World, row: tuple[str, str, str, dict[str, str], bool]
) -> None:
    """An endpoint lets pass or not, whatever the caller's own policies allow."""
    endpoint, action, resource, context, expected = row
    caller = f"arn:aws:iam::{context['aws:PrincipalAccount']}:role/r"
    request = Request(caller, action, resource.format(**world.places), context)
    decision = evaluate(request, resource_policy=world.doors[endpoint])
    assert (decision is Decision.ALLOWED) is expected


def test_each_endpoint_is_asked_for_both(world: World) -> None:
    """None is left out of the table, and none lets everything pass."""
    for endpoint in world.doors:
        assert {row[4] for row in ENDPOINTS if row[0] == endpoint} == {CAN, CANNOT}, endpoint


def test_the_table_is_long_enough_and_fair() -> None:
    """Every actor is asked for both, and nothing is asked twice."""
    assert len(TABLE) >= 60
    assert len({row[:3] for row in TABLE}) == len(TABLE)
    for actor in ("job", "crawler", "operator", "analyst", "flow-logs"):
        assert {row[3] for row in TABLE if row[0] == actor} == {CAN, CANNOT}


def test_a_boundary_takes_away_what_it_leaves_out(world: World) -> None:
    """With one that knows S3 alone, the job still reads, and decrypts no more."""
    boundary = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    assert world.can("job", "s3:GetObject", "{landing-zone}/a.json", {}, boundary)
    assert not world.can("job", "kms:Decrypt", "{key}", {}, boundary)
    assert world.can("job", "kms:Decrypt", "{key}", {})


def test_the_boundary_of_the_bootstrap_takes_nothing_that_is_needed(world: World) -> None:
    """Whatever an actor can do, it can do under the boundary, and nothing about identities."""
    limit = boundary(BootstrapNames(NAMES.prefix, NAMES.account))
    alias = {"kms:resourceAliases": NAMES.key_alias}
    for actor, action, resource, expected in TABLE:
        if expected:
            assert world.can(actor, action, resource, alias, limit), (actor, action, resource)
    for actor, action, resource, context, expected in CONDITIONS:
        if expected:
            known = {**alias, **context}
            assert world.can(actor, action, resource, known, limit), (actor, action, resource)
    for action in ("iam:PutRolePolicy", "iam:PassRole", "sts:AssumeRole", "kms:PutKeyPolicy"):
        everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        request = Request(NAMES.iam_arn("role/r"), action, world.places["key"], alias)
        assert evaluate(request, identity=[everything], boundary=limit) is not Decision.ALLOWED


def test_nobody_is_let_into_a_bucket_by_the_bucket(world: World) -> None:
    """A role of the account with no policy of its own reaches nothing."""
    stranger = NAMES.iam_arn("role/stranger")
    for zone in ZONES:
        arn = NAMES.bucket_arn(zone)
        request = Request(stranger, "s3:GetObject", f"{arn}/a", {"aws:SecureTransport": "true"})
        decision = evaluate(request, resource_policy=world.on_resource[arn])
        assert decision is Decision.IMPLICIT_DENY


def test_each_table_of_the_analyst_is_one_of_the_lakehouse() -> None:
    """The rows above speak of folders that exist."""
    asked = {
        row[2].partition("{bronze}/")[2].partition("/")[0]
        for row in TABLE
        if "{bronze}/" in row[2] and row[3]
    }
    assert asked <= set(TABLE_NAMES)


def test_each_declared_log_group_may_use_the_key(
    world: World, declare: Callable[..., Stack]
) -> None:
    """CloudWatch Logs refuses a group whose key does not let it in."""
    for group in declare("prod").of("cloudwatch/logGroup:LogGroup"):
        context = {"kms:EncryptionContext:aws:logs:arn": group.arn}
        assert world.can(f"logs.{REGION}", "kms:GenerateDataKey", "{key}", context), group.name
