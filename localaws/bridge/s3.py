"""Buckets, the settings of buckets, and objects."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request, tag_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.bridge.clients import Clients

_DELETE_BATCH = 1000
"""Objects per DeleteObjects call; S3's limit."""


def _error_code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


# --- The bucket itself ---


def _create_bucket(clients: Clients, inputs: Properties) -> Made:
    name = inputs["bucket"]
    where = (
        {}
        if clients.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": clients.region}}
    )
    try:
        clients("s3").create_bucket(Bucket=name, **where)
    except ClientError as error:
        if _error_code(error) != "BucketAlreadyOwnedByYou":
            raise
    return _update_bucket(clients, name, inputs)


def _update_bucket(clients: Clients, bucket: str, inputs: Properties) -> Made:
    tags = tag_list(inputs)
    if tags:
        clients("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    else:
        clients("s3").delete_bucket_tagging(Bucket=bucket)
    return Made(
        bucket,
        {
            "arn": f"arn:{clients.partition}:s3:::{bucket}",
            "region": clients.region,
            "bucketDomainName": f"{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{bucket}.s3.{clients.region}.amazonaws.com",
        },
    )


def _bucket_exists(clients: Clients, bucket: str, _: Properties) -> bool:
    try:
        clients("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if _error_code(error) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _delete_bucket(clients: Clients, bucket: str, inputs: Properties) -> None:
    if not _bucket_exists(clients, bucket, inputs):
        return
    if inputs.get("forceDestroy"):
        _empty(clients, bucket)
    clients("s3").delete_bucket(Bucket=bucket)


def _empty(clients: Clients, bucket: str) -> None:
    s3 = clients("s3")
    doomed = [
        {"Key": version["Key"], "VersionId": version["VersionId"]}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]
    for start in range(0, len(doomed), _DELETE_BATCH):
        batch = doomed[start : start + _DELETE_BATCH]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


# --- Settings of a bucket: each is one put and one delete call ---


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
        if _bucket_exists(clients, bucket, inputs):
            delete(clients, bucket)

    return ResourceType(
        shape=whole,
        create=apply,
        exists=_bucket_exists,
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

_SETTINGS: dict[str, ResourceType] = {
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


# --- Objects ---


def _put_object(clients: Clients, inputs: Properties) -> Made:
    body = base64.b64decode(inputs["contentBase64"])
    bucket, key = inputs["bucket"], inputs["key"]
    stored = clients("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return Made(
        key,
        {
            "arn": f"arn:{clients.partition}:s3:::{bucket}/{key}",
            "etag": stored["ETag"].strip('"'),
            "checksumSha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "versionId": stored.get("VersionId", ""),
        },
    )


def _object_exists(clients: Clients, key: str, inputs: Properties) -> bool:
    try:
        clients("s3").head_object(Bucket=inputs["bucket"], Key=key)
    except ClientError as error:
        if _error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
            return False
        raise
    return True


def _delete_object(clients: Clients, key: str, inputs: Properties) -> None:
    bucket = inputs["bucket"]
    if not _bucket_exists(clients, bucket, inputs):
        return
    s3 = clients("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    for page in pages:
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            if version["Key"] == key:
                s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])


TYPES: dict[str, ResourceType] = {
    "aws:s3/bucket:Bucket": ResourceType(
        shape={"bucket": "Bucket", "forceDestroy": "ForceDestroy"},
        create=_create_bucket,
        exists=_bucket_exists,
        update=_update_bucket,
        delete=_delete_bucket,
        replace_on=frozenset({"bucket"}),
        taggable=True,
    ),
    **_SETTINGS,
    "aws:s3/bucketObjectv2:BucketObjectv2": ResourceType(
        shape={"bucket": "Bucket", "key": "Key", "contentBase64": "Body"},
        create=_put_object,
        exists=_object_exists,
        update=lambda clients, _, inputs: _put_object(clients, inputs),
        delete=_delete_object,
        replace_on=frozenset({"bucket", "key"}),
    ),
}
