"""What breaks the rules of jobs, catalog, workgroups, tags, log groups and topics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.policy.changes import (
    NOT,
    OURS,
    STRANGER,
    drop,
    of,
    put,
    state,
    tagged,
    untagged,
    without_denies,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policy.changes import Break

JOB = "glue/job:Job"
SECURITY = "glue/securityConfiguration:SecurityConfiguration"
CATALOG = "glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
WORKGROUP = "athena/workgroup:Workgroup"
LOGS = "cloudwatch/logGroup:LogGroup"
TOPIC = "sns/topic:Topic"
TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"
RESULTS = "configuration.resultConfiguration"
AT_REST = "dataCatalogEncryptionSettings.encryptionAtRest.catalogEncryptionMode"
PASSWORDS = "dataCatalogEncryptionSettings.connectionPasswordEncryption"
PUBLISH: dict[str, Any] = {
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "arn:aws:sns:us-east-1:111122223333:topic",
}

SERVICE_BREAKS: Mapping[str, list[Break]] = {
    "fixed-code": [
        put(JOB, "nonOverridableArguments", None),
        put(JOB, "nonOverridableArguments", {"--extra-py-files": "x", "--conf": "y"}),
    ],
    "glue-security-configuration": [
        put(JOB, "securityConfiguration", None),
        put("glue/crawler:Crawler", "securityConfiguration", "another"),
        drop(SECURITY),
    ],
    "glue-encryption": [
        put(
            SECURITY,
            "encryptionConfiguration.cloudwatchEncryption.cloudwatchEncryptionMode",
            "DISABLED",
        ),
        put(SECURITY, "encryptionConfiguration.jobBookmarksEncryption", {}),
        put(SECURITY, "encryptionConfiguration.s3Encryption.kmsKeyArn", None),
    ],
    "catalog-encryption": [
        put(CATALOG, AT_REST, "DISABLED"),
        put(CATALOG, f"{PASSWORDS}.returnConnectionPasswordEncrypted", False),
    ],
    "glue-version": [put(JOB, "glueVersion", "3.0"), put(JOB, "glueVersion", None)],
    "tags": [untagged, tagged("production"), tagged("Prod")],
    "one-writer": [
        put(JOB, "executionProperty.maxConcurrentRuns", 2),
        put(JOB, "executionProperty", None),
        put(JOB, "jobRunQueuingEnabled", True),
    ],
    "bounded-runs": [put(JOB, "timeout", None), put(JOB, "maxRetries", None)],
    "workgroup-enforced": [
        put(WORKGROUP, "configuration.enforceWorkgroupConfiguration", False),
        put(WORKGROUP, "configuration.enforceWorkgroupConfiguration", None),
    ],
    "workgroup-encryption": [
        put(WORKGROUP, f"{RESULTS}.encryptionConfiguration", {"encryptionOption": "SSE_S3"}),
        put(WORKGROUP, f"{RESULTS}.encryptionConfiguration.kmsKeyArn", None),
    ],
    "workgroup-metrics": [put(WORKGROUP, "configuration.publishCloudwatchMetricsEnabled", False)],
    "workgroup-bounds": [
        put(WORKGROUP, "configuration.bytesScannedCutoffPerQuery", None),
        put(WORKGROUP, "configuration.engineVersion", {"selectedEngineVersion": "AUTO"}),
        put(WORKGROUP, f"{RESULTS}.expectedBucketOwner", None),
    ],
    "log-groups": [
        put(LOGS, "kmsKeyId", None),
        put(LOGS, "retentionInDays", None),
        put(LOGS, "retentionInDays", 30),
        lambda stack: put(LOGS, "retentionInDays", 30)(tagged("production")(stack)),
        lambda stack: put(LOGS, "retentionInDays", 30)(replace(stack, default_tags={})),
    ],
    "topics": [
        put(TOPIC, "kmsMasterKeyId", "alias/aws/sns"),
        drop(TOPIC_POLICY),
        without_denies(TOPIC_POLICY),
        state(
            TOPIC_POLICY,
            Principal="*",
            Action="sns:Publish",
            Resource="arn:aws:sns:us-east-1:111122223333:topic",
        ),
        state(TOPIC_POLICY, **PUBLISH, **of("aws:SourceAccount", OURS, NOT)),
        state(TOPIC_POLICY, **PUBLISH, **of("aws:SourceArn", "arn:aws:events:*:*:*", "ArnLike")),
        state(TOPIC_POLICY, Action="sns:Publish", Resource="*", **STRANGER),
    ],
}
