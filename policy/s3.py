"""Buckets: what is set on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model import UNKNOWN, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model import Problem, Resource, Stack

BUCKET = "s3/bucket:Bucket"
ENCRYPTION = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

INSTANT_CLASSES = frozenset({"STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"})
"""Storage classes from which an object can be read at once."""


def _each(stack: Stack, kind: str) -> Iterator[tuple[Resource, Resource | None]]:
    """Every bucket, with its setting of a type."""
    for bucket in stack.of(BUCKET):
        yield bucket, next(iter(stack.pointing(kind, "bucket", bucket)), None)


def _lifecycle(stack: Stack) -> Iterator[tuple[Resource, list[Mapping[str, Any]]]]:
    """Every bucket, with the lifecycle rules that are in force."""
    for bucket, setting in _each(stack, LIFECYCLE):
        listed = (setting.properties.get("rules") or []) if setting else []
        yield bucket, [one for one in listed if one.get("status") == "Enabled"]


@rule(
    1,
    "CKV_AWS_53",
    "CKV_AWS_54",
    "CKV_AWS_55",
    "CKV_AWS_56",
    "CKV2_AWS_6",
    "FSBP S3.8",
    "AwsSolutions-S2",
)
def bucket_public_access(stack: Stack) -> Iterator[Problem]:
    """Each bucket has a public access block with all four blocks on."""
    four = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    for bucket, setting in _each(stack, "s3/bucketPublicAccessBlock:BucketPublicAccessBlock"):
        if setting is None:
            yield bucket, "has no public access block"
            continue
        for name in four:
            if setting.get(name) is not True:
                yield setting, f"{name} is not true"


@rule(
    3,
    "CKV_AWS_145",
    "CKV_AWS_19",
    "aws-s3-bucket-configure-server-side-encryption-customer-managed-key",
)
def bucket_encryption(stack: Stack) -> Iterator[Problem]:
    """Each bucket encrypts by default with a key of our own (SSE-KMS)."""
    default = "rules.applyServerSideEncryptionByDefault"
    for bucket, setting in _each(stack, ENCRYPTION):
        if setting is None:
            yield bucket, "has no default encryption"
        elif setting.get(f"{default}.sseAlgorithm") not in {"aws:kms", "aws:kms:dsse"}:
            yield setting, "does not encrypt with KMS"
        elif not setting.get(f"{default}.kmsMasterKeyId"):
            yield setting, "names no key, so that AWS takes its own"


@rule(4, "aws-s3-bucket-enable-server-side-encryption-bucket-key")
def bucket_key(stack: Stack) -> Iterator[Problem]:
    """Each bucket that encrypts with KMS has its bucket key on, which bounds the calls to KMS."""
    for _, setting in _each(stack, ENCRYPTION):
        algorithm = "rules.applyServerSideEncryptionByDefault.sseAlgorithm"
        under_kms = setting is not None and setting.get(algorithm) == "aws:kms"
        if setting and under_kms and setting.get("rules.bucketKeyEnabled") is not True:
            yield setting, "bucketKeyEnabled is not true"


@rule(5, "CKV_AWS_21")
def bucket_versioning(stack: Stack) -> Iterator[Problem]:
    """Each bucket keeps the versions of its objects."""
    for bucket, setting in _each(stack, "s3/bucketVersioning:BucketVersioning"):
        if setting is None or setting.get("versioningConfiguration.status") != "Enabled":
            yield setting or bucket, "is not versioned"


@rule(6, "CKV_AWS_18", "FSBP S3.9", "AwsSolutions-S1")
def bucket_access_logs(stack: Stack) -> Iterator[Problem]:
    """Access to each bucket is logged to another bucket."""
    for bucket, setting in _each(stack, "s3/bucketLogging:BucketLogging"):
        if setting is None or not setting.get("targetBucket"):
            yield bucket, "logs no access"
        elif stack.refers(setting, "targetBucket", bucket):
            yield setting, "logs into itself, without end"


@rule(7, "CKV2_AWS_61", "FSBP S3.13", "FSBP S3.10")
def bucket_old_versions(stack: Stack) -> Iterator[Problem]:
    """Each bucket's old versions expire some day."""
    for bucket, rules in _lifecycle(stack):
        days = [one.get("noncurrentVersionExpiration") or {} for one in rules]
        if not any(one.get("noncurrentDays") for one in days):
            yield bucket, "keeps old versions for ever"


@rule(7, "OWN-S3-1")
def bucket_current_objects(stack: Stack) -> Iterator[Problem]:
    """No lifecycle rule expires or moves current objects where data lives, by-products (access
    logs, query results) apart; only landing may move them, to classes that are read at once.
    """
    for bucket, rules in _lifecycle(stack):
        if _is_by_product(stack, bucket):
            continue
        for one in rules:
            expiration = one.get("expiration") or {}
            if expiration.get("days") or expiration.get("date"):
                yield bucket, f"its rule {one.get('id')} expires current objects"
            classes = {move.get("storageClass") for move in one.get("transitions") or []}
            allowed = INSTANT_CLASSES if _is_landing(stack, bucket) else frozenset()
            for name in sorted(classes - allowed):
                yield bucket, f"its rule {one.get('id')} moves current objects to {name}"


def _is_landing(stack: Stack, bucket: Resource) -> bool:
    for job in stack.of("glue/job:Job"):
        landing = (job.get("defaultArguments") or {}).get("--landing")
        if landing == UNKNOWN:
            return stack.refers(job, "defaultArguments", bucket)
        if str(landing).removeprefix("s3://") in bucket.identities:
            return True
    return False


def _is_by_product(stack: Stack, bucket: Resource) -> bool:
    location = "configuration.resultConfiguration.outputLocation"
    results = any(
        str(group.get(location)).removeprefix("s3://").partition("/")[0] in bucket.identities
        or stack.refers(group, "configuration", bucket)
        for group in stack.of("athena/workgroup:Workgroup")
    )
    logs = stack.pointing("s3/bucketLogging:BucketLogging", "targetBucket", bucket)
    return results or bool(logs)


@rule(8, "CKV_AWS_300")
def bucket_dead_uploads(stack: Stack) -> Iterator[Problem]:
    """Each bucket drops multipart uploads that never ended."""
    for bucket, rules in _lifecycle(stack):
        days = [one.get("abortIncompleteMultipartUpload") or {} for one in rules]
        if not any(one.get("daysAfterInitiation") for one in days):
            yield bucket, "keeps unfinished uploads for ever"


@rule(9, "CKV2_AWS_65", "FSBP S3.12")
def bucket_acls(stack: Stack) -> Iterator[Problem]:
    """No bucket takes ACLs: its owner owns every object."""
    for bucket, setting in _each(stack, "s3/bucketOwnershipControls:BucketOwnershipControls"):
        if setting is None or setting.get("rule.objectOwnership") != "BucketOwnerEnforced":
            yield setting or bucket, "takes ACLs"


@rule(12, "CKV_AWS_186")
def object_encryption(stack: Stack) -> Iterator[Problem]:
    """Each uploaded object is encrypted with a key of our own."""
    for stored in stack.of("s3/bucketObjectv2:BucketObjectv2", "s3/bucketObject:BucketObject"):
        if not stored.get("kmsKeyId"):
            yield stored, "names no key"


RULES = (
    bucket_public_access,
    bucket_encryption,
    bucket_key,
    bucket_versioning,
    bucket_access_logs,
    bucket_old_versions,
    bucket_current_objects,
    bucket_dead_uploads,
    bucket_acls,
    object_encryption,
)
