"""Buckets and objects."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import tag_list, tag_map

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_DELETE_BATCH = 1000
"""Objects per DeleteObjects call; S3's limit."""


def error_code(error: ClientError) -> str:
    """What S3 calls the error."""
    return str(error.response["Error"]["Code"])


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
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise
    return _update_bucket(clients, name, inputs)


def _update_bucket(clients: Clients, bucket: str, inputs: Properties) -> Made:
    tags = tag_list(inputs)
    if tags:
        clients("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    else:
        clients("s3").delete_bucket_tagging(Bucket=bucket)
    return _bucket(clients, bucket)


def _bucket(clients: Clients, bucket: str) -> Made:
    return Made(
        bucket,
        {
            "arn": f"arn:{clients.partition}:s3:::{bucket}",
            "region": clients.region,
            "bucketDomainName": f"{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{bucket}.s3.{clients.region}.amazonaws.com",
        },
    )


def bucket_exists(clients: Clients, bucket: str) -> bool:
    """Whether the bucket is there."""
    try:
        clients("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _describe_bucket(clients: Clients, bucket: str, _: Properties) -> Properties | None:
    if not bucket_exists(clients, bucket):
        return None
    try:
        tags = tag_map(clients("s3").get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        if error_code(error) != "NoSuchTagSet":
            raise
        tags = {}
    return {"bucket": bucket, "tagsAll": tags}


def _delete_bucket(clients: Clients, bucket: str, inputs: Properties) -> None:
    if not bucket_exists(clients, bucket):
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


def _put_object(clients: Clients, inputs: Properties) -> Made:
    body = base64.b64decode(inputs["contentBase64"])
    bucket, key = inputs["bucket"], inputs["key"]
    headers = {
        "ServerSideEncryption": inputs.get("serverSideEncryption"),
        "SSEKMSKeyId": inputs.get("kmsKeyId"),
    }
    given = {name: value for name, value in headers.items() if value is not None}
    stored = clients("s3").put_object(Bucket=bucket, Key=key, Body=body, **given)
    return Made(
        key,
        {
            "arn": f"arn:{clients.partition}:s3:::{bucket}/{key}",
            "etag": stored["ETag"].strip('"'),
            "checksumSha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "versionId": stored.get("VersionId", ""),
        },
    )


def _describe_object(clients: Clients, key: str, inputs: Properties) -> Properties | None:
    bucket = inputs["bucket"]
    try:
        found = clients("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket"}:
            return None
        raise
    with found["Body"] as body:
        content = base64.b64encode(body.read()).decode()
    return {
        "bucket": bucket,
        "key": key,
        "contentBase64": content,
        "serverSideEncryption": found.get("ServerSideEncryption"),
        "kmsKeyId": found.get("SSEKMSKeyId"),
    }


def _delete_object(clients: Clients, key: str, inputs: Properties) -> None:
    bucket = inputs["bucket"]
    if not bucket_exists(clients, bucket):
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
        describe=_describe_bucket,
        update=_update_bucket,
        delete=_delete_bucket,
        replace_on=frozenset({"bucket"}),
        found=_bucket,
        taggable=True,
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": ResourceType(
        shape={
            "bucket": "Bucket",
            "key": "Key",
            "contentBase64": "Body",
            "serverSideEncryption": "ServerSideEncryption",
            "kmsKeyId": "SSEKMSKeyId",
        },
        create=_put_object,
        describe=_describe_object,
        update=lambda clients, _, inputs: _put_object(clients, inputs),
        delete=_delete_object,
        replace_on=frozenset({"bucket", "key"}),
    ),
}
