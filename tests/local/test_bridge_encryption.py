"""Keys, log groups and Glue's security configuration; and what the buckets' policies refuse."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from lakehouse import bucket_policies
from lakehouse.errors import ConfigError
from lakehouse.given_key import require_usable_key
from lakehouse.statements import document
from localaws.bridge.errors import ProvisionError
from tests.local.bridge_programs import REGION

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def stack_settings() -> dict[str, Any]:
    """With a tag for whatever the program makes."""
    return {"aws:region": REGION, "aws:defaultTags": json.dumps({"tags": {"Team": "music"}})}


def key_policy(sid: str) -> str:
    """A policy for a key."""
    root = {"AWS": "arn:aws:iam::123456789012:root"}
    statement = {
        "Sid": sid, "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"
    }  # fmt: skip
    return json.dumps(document([statement]))


def test_a_given_key_is_looked_up_as_it_is(
    up: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """One that is enabled passes; one that waits for its deletion, or is not there, is told."""
    kms = client("kms")
    made = kms.create_key()["KeyMetadata"]
    up(lambda: require_usable_key(made["Arn"], "dev"))
    kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    with pytest.raises(ConfigError, match="the state PendingDeletion"):
        up(lambda: require_usable_key(made["Arn"], "dev"))
    with pytest.raises(ProvisionError, match=r"getKey failed: .*NotFoundException"):
        up(lambda: aws.kms.get_key(key_id="alias/absent"))
    absent = made["Arn"].replace(made["KeyId"], str(uuid4()))
    with pytest.raises(ConfigError, match=r"cannot be looked up: .*NotFoundException"):
        up(lambda: require_usable_key(absent, "dev"))


def test_a_key_is_made_changed_and_scheduled_for_deletion(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """Description, policy, rotation, tags and alias are what the program says; its end can wait."""
    kms = client("kms")

    def program(description: str, *, rotates: bool) -> Callable[[], None]:
        def declare() -> None:
            key = aws.kms.Key(
                "k",
                description=description,
                enable_key_rotation=rotates,
                deletion_window_in_days=9,
                policy=key_policy(description),
            )
            aws.kms.Alias("k", name=f"alias/{name}", target_key_id=key.key_id)
            pulumi.export("key", [key.id, key.arn])

        return declare

    made = up(program("first", rotates=True))["key"]
    assert up(program("second", rotates=False))["key"] == made
    found = kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]
    assert [found["KeyId"], found["Arn"], found["Description"]] == [*made, "second"]
    assert kms.get_key_rotation_status(KeyId=made[0])["KeyRotationEnabled"] is False
    policy = kms.get_key_policy(KeyId=made[0], PolicyName="default")["Policy"]
    assert json.loads(policy) == json.loads(key_policy("second"))
    tags = kms.list_resource_tags(KeyId=made[0])["Tags"]
    assert tags == [{"TagKey": "Team", "TagValue": "music"}]

    up(lambda: None)
    gone = kms.describe_key(KeyId=made[0])["KeyMetadata"]
    assert gone["KeyState"] == "PendingDeletion"
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=f"alias/{name}")


def test_a_log_group_is_made_changed_and_deleted(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """One that a run made meanwhile is taken over, with its key and its end."""
    logs = client("logs")
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    logs.create_log_group(logGroupName=name)

    def group() -> dict[str, Any]:
        (found,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return {part: found.get(part) for part in ("kmsKeyId", "retentionInDays")}

    up(lambda: _log_group(name, kms_key_id=key, retention_in_days=30))
    assert group() == {"kmsKeyId": key, "retentionInDays": 30}
    up(lambda: _log_group(name))
    assert group() == {"kmsKeyId": None, "retentionInDays": None}
    up(lambda: None)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def _log_group(name: str, **settings: Any) -> None:
    aws.cloudwatch.LogGroup("g", name=name, **settings)


def test_a_security_configuration_is_made_changed_and_deleted(
    up: Callable[..., Any], client: Callable[[str], Any], name: str
) -> None:
    """Glue cannot change one: another one takes its place under the same name."""
    glue = client("glue")

    def program(key: str) -> Callable[[], None]:
        def declare() -> None:
            arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
            aws.glue.SecurityConfiguration(
                "s",
                name=name,
                encryption_configuration={
                    "cloudwatch_encryption": {
                        "cloudwatch_encryption_mode": "SSE-KMS", "kms_key_arn": arn
                    },
                    "job_bookmarks_encryption": {
                        "job_bookmarks_encryption_mode": "CSE-KMS", "kms_key_arn": arn
                    },
                    "s3_encryption": {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": arn},
                },
            )  # fmt: skip

        return declare

    for key in ("a", "b"):
        up(program(key))
        found = glue.get_security_configuration(Name=name)["SecurityConfiguration"]
        arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
        assert found["EncryptionConfiguration"] == {
            "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": arn},
            "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": arn},
            "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": arn}],
        }
    up(lambda: None)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_security_configuration(Name=name)


KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:us-east-1:123456789012:key/{KEY_ID}"
SECRET = b"of the caller, 32 bytes in all.."


@pytest.fixture
def guarded(client: Callable[[str], Any], bucket: str) -> str:
    """A bucket under the policy of the lakehouse's buckets."""
    arn = f"arn:aws:s3:::{bucket}"
    statements = [bucket_policies.tls_only(arn), *bucket_policies.right_key_only(arn, KEY)]
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document(statements)))
    return bucket


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID},
    ],
    ids=["none", "the key's ARN", "the key's id"],
)
def test_a_put_with_no_header_or_the_right_one_passes(
    client: Callable[[str], Any], guarded: str, headers: dict[str, str]
) -> None:
    """A plain put gets the bucket's default, and so does each part of an upload in parts."""
    s3 = client("s3")
    s3.put_object(Bucket=guarded, Key="k", Body=b"x", **headers)
    upload = s3.create_multipart_upload(Bucket=guarded, Key="m", **headers)["UploadId"]
    s3.upload_part(Bucket=guarded, Key="m", UploadId=upload, PartNumber=1, Body=b"x")


@pytest.mark.parametrize(
    "headers",
    [
        {"ServerSideEncryption": "AES256"},
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KEY},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY.replace("1234abcd", "ffffffff")},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/aws/s3"},
    ],
    ids=[
        "another algorithm",
        "no key, which is the key of AWS",
        "a doubled one",
        "another key",
        "the key of AWS",
    ],
)
def test_a_put_with_a_wrong_header_is_denied(
    client: Callable[[str], Any], guarded: str, headers: dict[str, str]
) -> None:
    """Nothing lies in the bucket under another key, or under one that we do not hold."""
    s3 = client("s3")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=guarded, Key="k", Body=b"x", **headers)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert s3.list_objects_v2(Bucket=guarded)["KeyCount"] == 0


def test_a_put_under_a_key_of_the_callers_own_is_denied(
    client: Callable[[str], Any], guarded: str
) -> None:
    """Only who sent it could read it again."""

    def as_header(request: Any, **_: Any) -> None:
        # boto3 sends such keys over TLS only.
        request.headers["x-amz-server-side-encryption-customer-algorithm"] = "AES256"
        request.headers["x-amz-server-side-encryption-customer-key"] = base64.b64encode(SECRET)
        digest = hashlib.md5(SECRET, usedforsecurity=False).digest()
        request.headers["x-amz-server-side-encryption-customer-key-MD5"] = base64.b64encode(digest)

    s3 = client("s3")
    s3.meta.events.register("before-send.s3.PutObject", as_header)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=guarded, Key="k", Body=b"x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
