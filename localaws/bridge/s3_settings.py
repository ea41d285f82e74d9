"""The settings of buckets: each resource is one put call and one delete call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.s3 import bucket_exists, error_code
from localaws.bridge.shapes import Nested, Shape, request, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.bridge.clients import Clients

_NOTHING_SET = {
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}
"""How S3 says that a bucket is gone, or has no such setting."""


def _setting(
    shape: Shape,
    put: Callable[[Clients, str, dict[str, Any]], Any],
    get: Callable[[Clients, str], dict[str, Any] | None],
    delete: Callable[[Clients, str], Any],
) -> ResourceType:
    """A resource that only sets something on a bucket; its id is the bucket's name.

    ``get`` answers with the parameters of ``put``; where nothing is set, with nothing or an error.
    """

    whole: Shape = {"bucket": "Bucket", **shape}

    def apply(clients: Clients, inputs: Properties) -> Made:
        parameters = request(whole, inputs)
        bucket = parameters.pop("Bucket")
        put(clients, bucket, parameters)
        return Made(bucket, {})

    def describe(clients: Clients, bucket: str, _: Properties) -> Properties | None:
        try:
            found = get(clients, bucket)
        except ClientError as error:
            if error_code(error) in _NOTHING_SET:
                return None
            raise
        return told(whole, {**found, "Bucket": bucket}) if found else None

    def remove(clients: Clients, bucket: str, _: Properties) -> None:
        if bucket_exists(clients, bucket):
            delete(clients, bucket)

    return ResourceType(
        shape=whole,
        create=apply,
        describe=describe,
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


def _get_ownership(clients: Clients, bucket: str) -> dict[str, Any]:
    (rule,) = clients("s3").get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"][
        "Rules"
    ]
    return {"Rule": rule}


def _get_versioning(clients: Clients, bucket: str) -> dict[str, Any] | None:
    status = clients("s3").get_bucket_versioning(Bucket=bucket).get("Status")
    return {"VersioningConfiguration": {"Status": status}} if status else None


TYPES: dict[str, ResourceType] = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _setting(
        {"rule": Nested("Rule", {"objectOwnership": "ObjectOwnership"})},
        lambda clients, bucket, settings: clients("s3").put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [settings["Rule"]]}
        ),
        _get_ownership,
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
            lambda clients, bucket: clients("s3").get_bucket_encryption(Bucket=bucket)[
                "ServerSideEncryptionConfiguration"
            ],
            lambda clients, bucket: clients("s3").delete_bucket_encryption(Bucket=bucket),
        )
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _setting(
        {"versioningConfiguration": Nested("VersioningConfiguration", {"status": "Status"})},
        lambda clients, bucket, settings: clients("s3").put_bucket_versioning(
            Bucket=bucket, **settings
        ),
        _get_versioning,
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
        lambda clients, bucket: clients("s3").get_bucket_lifecycle_configuration(Bucket=bucket),
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
        lambda clients, bucket: clients("s3").get_public_access_block(Bucket=bucket)[
            "PublicAccessBlockConfiguration"
        ],
        lambda clients, bucket: clients("s3").delete_public_access_block(Bucket=bucket),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _setting(
        {"policy": "Policy"},
        lambda clients, bucket, settings: clients("s3").put_bucket_policy(
            Bucket=bucket, **settings
        ),
        lambda clients, bucket: clients("s3").get_bucket_policy(Bucket=bucket),
        lambda clients, bucket: clients("s3").delete_bucket_policy(Bucket=bucket),
    ),
    "aws:s3/bucketLogging:BucketLogging": _setting(
        {"targetBucket": "TargetBucket", "targetPrefix": "TargetPrefix"},
        lambda clients, bucket, settings: clients("s3").put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": settings}
        ),
        lambda clients, bucket: (
            clients("s3").get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
        ),
        lambda clients, bucket: clients("s3").put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={}
        ),
    ),
}
