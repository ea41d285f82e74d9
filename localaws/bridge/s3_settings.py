"""The settings of buckets: each resource is one put call and one delete call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.s3 import bucket_exists
from localaws.bridge.shapes import Nested, Shape, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.bridge.clients import Clients


def _setting(
    shape: Shape,
    put: Callable[[Clients, str, dict[str, Any]], Any],
    delete: Callable[[Clients, str], Any],
) -> ResourceType:
    """A resource that only sets something on a bucket; its id is the bucket's name."""

    whole: Shape = {"bucket": "Bucket", **shape}

    def apply(clients: Clients, inputs: Properties) -> Made:
        parameters = request(whole, inputs)
        bucket = parameters.pop("Bucket")
        put(clients, bucket, parameters)
        return Made(bucket, {})

    def remove(clients: Clients, bucket: str, inputs: Properties) -> None:
        if bucket_exists(clients, bucket, inputs):
            delete(clients, bucket)

    return ResourceType(
        shape=whole,
        create=apply,
        exists=bucket_exists,
        update=lambda clients, _, inputs: apply(clients, inputs),
        delete=remove,
        replace_on=frozenset({"bucket"}),
    )


_LIFECYCLE_RULE: Shape = {
    "id": "ID",
    "status": "Status",
    "filter": Nested("Filter", {"prefix": "Prefix"}),
    "expiration": Nested("Expiration", {"days": "Days"}),
    "noncurrentVersionExpiration": Nested(
        "NoncurrentVersionExpiration", {"noncurrentDays": "NoncurrentDays"}
    ),
    "abortIncompleteMultipartUpload": Nested(
        "AbortIncompleteMultipartUpload", {"daysAfterInitiation": "DaysAfterInitiation"}
    ),
}

TYPES: dict[str, ResourceType] = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _setting(
        {"rule": Nested("Rule", {"objectOwnership": "ObjectOwnership"})},
        lambda clients, bucket, settings: clients("s3").put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [settings["Rule"]]}
        ),
        lambda clients, bucket: clients("s3").delete_bucket_ownership_controls(Bucket=bucket),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _setting(
            {
                "rules": Nested(
                    "Rules",
                    {
                        "applyServerSideEncryptionByDefault": Nested(
                            "ApplyServerSideEncryptionByDefault",
                            {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"},
                        ),
                        "bucketKeyEnabled": "BucketKeyEnabled",
                    },
                )
            },
            lambda clients, bucket, settings: clients("s3").put_bucket_encryption(
                Bucket=bucket, ServerSideEncryptionConfiguration=settings
            ),
            lambda clients, bucket: clients("s3").delete_bucket_encryption(Bucket=bucket),
        )
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _setting(
        {"versioningConfiguration": Nested("VersioningConfiguration", {"status": "Status"})},
        lambda clients, bucket, settings: clients("s3").put_bucket_versioning(
            Bucket=bucket, **settings
        ),
        # A bucket that was versioned once can only be suspended.
        lambda clients, bucket: clients("s3").put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _setting(
        {"rules": Nested("Rules", _LIFECYCLE_RULE)},
        lambda clients, bucket, settings: clients("s3").put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=settings
        ),
        lambda clients, bucket: clients("s3").delete_bucket_lifecycle(Bucket=bucket),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _setting(
        {
            "blockPublicAcls": "BlockPublicAcls",
            "blockPublicPolicy": "BlockPublicPolicy",
            "ignorePublicAcls": "IgnorePublicAcls",
            "restrictPublicBuckets": "RestrictPublicBuckets",
        },
        lambda clients, bucket, settings: clients("s3").put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=settings
        ),
        lambda clients, bucket: clients("s3").delete_public_access_block(Bucket=bucket),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _setting(
        {"policy": "Policy"},
        lambda clients, bucket, settings: clients("s3").put_bucket_policy(
            Bucket=bucket, **settings
        ),
        lambda clients, bucket: clients("s3").delete_bucket_policy(Bucket=bucket),
    ),
    "aws:s3/bucketLogging:BucketLogging": _setting(
        {"targetBucket": "TargetBucket", "targetPrefix": "TargetPrefix"},
        lambda clients, bucket, settings: clients("s3").put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": settings}
        ),
        lambda clients, bucket: clients("s3").put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={}
        ),
    ),
}
