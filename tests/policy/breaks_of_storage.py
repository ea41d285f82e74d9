"""What breaks the rules of buckets, objects and keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.policy.changes import (
    OTHER,
    OURS,
    STRANGER,
    drop,
    of,
    put,
    state,
    unstated,
    without_denies,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policy.changes import Break

POLICY = "s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
KEY = "kms/key:Key"
BLOCK = "s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
DEFAULT = "rules.0.applyServerSideEncryptionByDefault"
EVERYBODY: dict[str, Any] = {"Principal": "*", "Resource": "arn:aws:s3:::landing/*"}

STORAGE_BREAKS: Mapping[str, list[Break]] = {
    "bucket-public-access": [
        put(BLOCK, "blockPublicAcls", False),
        put(BLOCK, "blockPublicPolicy", False),
        put(BLOCK, "ignorePublicAcls", False),
        put(BLOCK, "restrictPublicBuckets", None),
        drop(BLOCK),
        put(BLOCK, "bucket", "another"),
    ],
    "bucket-tls-only": [
        drop(POLICY),
        without_denies(POLICY),
        put(POLICY, "policy", json.dumps({"Statement": []})),
    ],
    "bucket-encryption": [
        drop(ENCRYPTION),
        put(ENCRYPTION, f"{DEFAULT}.sseAlgorithm", "AES256"),
        put(ENCRYPTION, f"{DEFAULT}.kmsMasterKeyId", None),
    ],
    "bucket-encryption-header": [
        state(
            POLICY,
            Effect="Deny",
            Principal="*",
            Action="s3:PutObject",
            Resource="arn:aws:s3:::landing/*",
            Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        ),
        put(POLICY, "policy", json.dumps({"Statement": []})),
        unstated(POLICY, "NoKey"),
        unstated(POLICY, "OtherKey"),
    ],
    "bucket-key": [put(ENCRYPTION, "rules.0.bucketKeyEnabled", False)],
    "bucket-versioning": [
        drop("s3/bucketVersioning:BucketVersioning"),
        put("s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status", "Suspended"),
    ],
    "bucket-access-logs": [
        drop("s3/bucketLogging:BucketLogging", "landing"),
        put("s3/bucketLogging:BucketLogging", "targetBucket", "landing"),
    ],
    "bucket-old-versions": [
        drop(LIFECYCLE),
        put(LIFECYCLE, "rules.0.noncurrentVersionExpiration", None),
        put(LIFECYCLE, "rules.0.status", "Disabled"),
    ],
    "bucket-current-objects": [
        put(LIFECYCLE, "rules.0.expiration", {"days": 400}),
        put(LIFECYCLE, "rules.0.transitions", [{"days": 30, "storageClass": "DEEP_ARCHIVE"}]),
    ],
    "bucket-dead-uploads": [put(LIFECYCLE, "rules.0.abortIncompleteMultipartUpload", None)],
    "bucket-acls": [
        drop("s3/bucketOwnershipControls:BucketOwnershipControls"),
        put(
            "s3/bucketOwnershipControls:BucketOwnershipControls",
            "rule.objectOwnership",
            "ObjectWriter",
        ),
    ],
    "bucket-strangers": [
        state(POLICY, Action="s3:GetObject", **EVERYBODY),
        state(POLICY, Action="s3:GetObject", Resource="arn:aws:s3:::landing/*", **STRANGER),
        state(POLICY, Action="s3:GetObject", **EVERYBODY, **of("aws:PrincipalAccount", OTHER)),
        state(
            POLICY,
            Action="s3:GetObject",
            **EVERYBODY,
            **of("aws:PrincipalOrgID", "o-*", "StringLike"),
        ),
        state(
            POLICY,
            Principal={"Service": "logging.s3.amazonaws.com"},
            Action="s3:PutObject",
            Resource="arn:aws:s3:::landing/*",
            **of("aws:SourceArn", "arn:aws:s3:::*", "ArnLike"),
        ),
        state(POLICY, Action="s3:PutBucketPolicy", Resource="arn:aws:s3:::landing", **STRANGER),
        state(POLICY, Action="s3:*", Resource="arn:aws:s3:::landing", **STRANGER),
    ],
    "bucket-lock-out": [
        state(
            POLICY,
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource="arn:aws:s3:::landing",
            Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
        )
    ],
    "object-encryption": [put("s3/bucketObjectv2:BucketObjectv2", "kmsKeyId", None)],
    "key-rotation": [put(KEY, "enableKeyRotation", False), put(KEY, "enableKeyRotation", None)],
    "key-policy": [put(KEY, "policy", None)],
    "key-strangers": [
        state(KEY, Principal="*", Action="kms:Decrypt", Resource="*"),
        state(
            KEY,
            Principal={"Service": "logs.us-east-1.amazonaws.com"},
            Action="kms:Decrypt",
            Resource="*",
        ),
        state(KEY, Action="kms:*", Resource="*", **STRANGER),
        state(
            KEY,
            Principal="*",
            Action="kms:Decrypt",
            Resource="*",
            **of("kms:CallerAccount", OURS, "StringNotEquals"),
        ),
        state(
            KEY,
            Principal={"Service": "logs.us-east-1.amazonaws.com"},
            Action="kms:Decrypt",
            Resource="*",
            **of("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:*:*:*", "ArnLike"),
        ),
    ],
    "key-life": [put(KEY, "isEnabled", False), put(KEY, "deletionWindowInDays", 7)],
    "key-lock-out": [put(KEY, "bypassPolicyLockoutSafetyCheck", True)],
}
