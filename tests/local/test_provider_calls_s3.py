"""The calls with which the AWS provider makes, reads and deletes buckets and objects.

The provider stops at an error that it does not expect, and shows what comes back differently from
what it asked for as a change in every preview.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0e5a"
TAGS = [{"Key": "Environment", "Value": "dev"}, {"Key": "ManagedBy", "Value": "pulumi"}]
DENY = (
    '{"Statement": [{"Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}, '
    '"Effect": "Deny", "Principal": {"AWS": "*"}, "Resource": ["arn:aws:s3:::NAME/*"]}], '
    '"Version": "2012-10-17"}'
)


@pytest.fixture
def s3(client: Callable[[str], Any]) -> Any:
    """An S3 client of the shared server."""
    return client("s3")


def _control(
    server: process.Server, method: str, path: str, body: bytes | None = None, **sent: str
) -> tuple[int, bytes]:
    """Send what the SDK for Go sends to S3 Control: the account is part of the host."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    scope = "AKID/20260101/us-east-1/s3/aws4_request"
    headers = {
        "Host": f"{ACCOUNT}.localhost",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "x-amz-account-id": ACCOUNT,
        **sent,
    }
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply.status, content


def _tags_path(bucket: str) -> str:
    return f"/v20180820/tags/arn%3Aaws%3As3%3A%3A%3A{bucket}"


def test_a_bucket_has_its_tags_from_the_start(
    s3: Any, server: process.Server, refusal: Callable[..., Any]
) -> None:
    """CreateBucket takes tags, which S3 Control lists, adds to and removes, as S3 shows them."""
    name = f"tagged-{uuid4().hex}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == TAGS
    status, body = _control(server, "GET", _tags_path(name))
    assert (status, body.count(b"<Tag>")) == (200, 2)
    assert b"<Key>ManagedBy</Key><Value>pulumi</Value>" in body
    added = b"<Tags><Tag><Key>Zone</Key><Value>bronze</Value></Tag></Tags>"
    namespace = b"http://awss3control.amazonaws.com/doc/2018-08-20/"
    document = b'<TagResourceRequest xmlns="%s">%s</TagResourceRequest>' % (namespace, added)
    assert _control(server, "POST", _tags_path(name), document)[0] == 204
    gone = f"{_tags_path(name)}?tagKeys=Environment"
    assert _control(server, "DELETE", gone)[0] == 204
    tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    assert {tag["Key"] for tag in tags} == {"ManagedBy", "Zone"}
    untagged = f"untagged-{uuid4().hex}"
    s3.create_bucket(Bucket=untagged)
    assert b"<Tags></Tags>" in _control(server, "GET", _tags_path(untagged))[1]
    assert refusal(s3.get_bucket_tagging, Bucket=untagged) == ("NoSuchTagSet", 404)
    status, body = _control(server, "GET", _tags_path("no-such-bucket"))
    assert (status, b"NoSuchBucket" in body) == (404, True)


def test_s3_control_is_reached_without_a_name_service(s3: Any, server: process.Server) -> None:
    """By way of the server as a proxy, and under an address with the account in front."""
    name = f"reached-{uuid4().hex}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS})
    for host in (f"{ACCOUNT}.localhost:4566", f"{ACCOUNT}.127.0.0.1:4566"):
        for path in (_tags_path(name), f"http://{host}{_tags_path(name)}"):
            status, body = _control(server, "GET", path, Host=host)
            assert (status, body.count(b"<Tag>")) == (200, 2), path
    assert _control(server, "CONNECT", "iam.amazonaws.com:443")[0] == 405
    assert _control(server, "GET", "http://example.com/", Host="example.com")[0] == 403


def test_a_new_bucket_answers_every_question_of_a_read(
    s3: Any, refusal: Callable[..., Any]
) -> None:
    """What is not configured is told by the code that the provider takes for "nothing"."""
    name = f"plain-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_acl(Bucket=name)["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=name)
    assert s3.get_bucket_request_payment(Bucket=name)["Payer"] == "BucketOwner"
    assert s3.get_bucket_abac(Bucket=name)["AbacStatus"] == {"Status": "Disabled"}
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=name)
    calls = {
        s3.get_bucket_policy: "NoSuchBucketPolicy",
        s3.get_bucket_cors: "NoSuchCORSConfiguration",
        s3.get_bucket_website: "NoSuchWebsiteConfiguration",
        s3.get_bucket_lifecycle_configuration: "NoSuchLifecycleConfiguration",
        s3.get_bucket_replication: "ReplicationConfigurationNotFoundError",
        s3.get_bucket_encryption: "ServerSideEncryptionConfigurationNotFoundError",
        s3.get_bucket_ownership_controls: "OwnershipControlsNotFoundError",
        s3.get_object_lock_configuration: "ObjectLockConfigurationNotFoundError",
        s3.get_public_access_block: "NoSuchPublicAccessBlockConfiguration",
    }
    for call, code in calls.items():
        assert refusal(call, Bucket=name) == (code, 404)
        assert refusal(call, Bucket="no-such-bucket") == ("NoSuchBucket", 404)
    assert refusal(s3.head_bucket, Bucket="no-such-bucket") == ("404", 404)


def test_the_region_of_a_bucket_is_told_to_anyone(s3: Any, server: process.Server) -> None:
    """The SDK for Go asks for it without signing, whatever the bucket's policy says."""
    name = f"region-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=DENY.replace("NAME", name))
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.request("HEAD", f"/{name}")
    reply = connection.getresponse()
    assert (reply.status, reply.headers["x-amz-bucket-region"]) == (200, "us-east-1")
    connection.close()


def test_the_settings_of_a_bucket_come_and_go(s3: Any, refusal: Callable[..., Any]) -> None:
    """Each comes back as it was put, and after its deletion as something that is not there."""
    name = f"settings-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    policy = DENY.replace("NAME", name)
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    assert s3.get_bucket_policy(Bucket=name)["Policy"] == policy
    owner = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=owner)
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"] == owner
    public = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=public)
    shown = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert shown == public
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    shown = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    assert shown["Rules"] == rules
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    for delete, get in (
        (s3.delete_bucket_policy, s3.get_bucket_policy),
        (s3.delete_bucket_ownership_controls, s3.get_bucket_ownership_controls),
        (s3.delete_public_access_block, s3.get_public_access_block),
        (s3.delete_bucket_encryption, s3.get_bucket_encryption),
    ):
        delete(Bucket=name)
        assert refusal(get, Bucket=name)[1] == 404
        delete(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"


@pytest.mark.parametrize("size", ["all_storage_classes_128K", "varies_by_storage_class"])
@pytest.mark.parametrize("where", [{}, {"Prefix": ""}], ids=["no filter", "empty prefix"])
def test_a_lifecycle_equals_what_was_put(
    s3: Any, size: str, where: dict[str, str], refusal: Callable[..., Any]
) -> None:
    """The provider waits until it does: an empty filter, which is what the program asks for, stays
    one, an empty prefix too, and the least size comes back.
    """
    name = f"lifecycle-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    rule = {
        "ID": "tidy-up",
        "Status": "Enabled",
        "Filter": where,
        "Expiration": {"Days": 30},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    wanted = {"Rules": [rule]}
    s3.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration=wanted, TransitionDefaultMinimumObjectSize=size
    )
    shown = s3.get_bucket_lifecycle_configuration(Bucket=name)
    assert (shown["Rules"], shown["TransitionDefaultMinimumObjectSize"]) == ([rule], size)
    s3.delete_bucket_lifecycle(Bucket=name)
    code = refusal(s3.get_bucket_lifecycle_configuration, Bucket=name)
    assert code == ("NoSuchLifecycleConfiguration", 404)


def test_an_object_and_its_bucket_go_with_all_versions(
    s3: Any, refusal: Callable[..., Any]
) -> None:
    """HeadObject shows what was put; a full bucket is refused, emptied version by version, gone."""
    name, key = f"full-{uuid4().hex}", "0123abcd/job.py"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket=name, Policy=DENY.replace("NAME", name))
    put = s3.put_object(
        Bucket=name, Key=key, Body=b"print()", ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY,
        Tagging="Environment=dev&ManagedBy=pulumi", ContentType="application/octet-stream",
    )  # fmt: skip
    head = s3.head_object(Bucket=name, Key=key)
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["ContentType"] == "application/octet-stream"
    assert (head["SSEKMSKeyId"], head["VersionId"], head["ETag"]) == (
        KEY, put["VersionId"], put["ETag"],
    )  # fmt: skip
    assert s3.get_object_tagging(Bucket=name, Key=key)["TagSet"] == TAGS
    assert refusal(s3.head_object, Bucket=name, Key="no") == ("404", 404)
    s3.put_object(Bucket=name, Key="songs/a.json", Body=b"{}")
    s3.delete_object(Bucket=name, Key="songs/a.json")
    assert refusal(s3.delete_bucket, Bucket=name) == ("BucketNotEmpty", 409)
    own = s3.list_object_versions(Bucket=name, Prefix=key)
    assert [version["Key"] for version in own["Versions"]] == [key]
    s3.delete_object(Bucket=name, Key=key, VersionId=put["VersionId"])
    assert refusal(s3.head_object, Bucket=name, Key=key) == ("404", 404)
    listed = s3.list_object_versions(Bucket=name)
    for kind in ("Versions", "DeleteMarkers"):
        found = [{name: one[name] for name in ("Key", "VersionId")} for one in listed[kind]]
        reply = s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
        assert "Errors" not in reply
    s3.delete_bucket(Bucket=name)
    assert refusal(s3.head_bucket, Bucket=name) == ("404", 404)
    assert refusal(s3.delete_bucket, Bucket=name) == ("NoSuchBucket", 404)


def test_versions_are_listed_on_while_they_are_deleted(s3: Any) -> None:
    """Each page is deleted before the next is asked for, and none is left out or seen twice."""
    name = f"pages-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(9):
        s3.put_object(Bucket=name, Key=f"k{number % 4}", Body=b"x")
    for key in ("k0", "k3"):
        s3.delete_object(Bucket=name, Key=key)
    after = s3.list_object_versions(Bucket=name, KeyMarker="k2")["Versions"]
    assert {version["Key"] for version in after} == {"k3"}
    sizes = []
    pages = s3.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=name, PaginationConfig={"PageSize": 2}):
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in page.get("Versions", []) + page.get("DeleteMarkers", [])
        ]
        sizes.append(len(found))
        s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
    assert sizes == [2, 2, 2, 2, 2, 1]
    s3.delete_bucket(Bucket=name)


def test_tags_and_keys_outlive_the_server(
    tmp_path: Path, connect: Callable[..., Callable[[str], Any]]
) -> None:
    """What S3 Control, KMS and CloudWatch Logs keep for the provider is there after a restart."""
    with process.start(state=tmp_path / "state") as first:
        client = connect(first)
        client("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"Tags": TAGS})
        assert _control(first, "DELETE", f"{_tags_path('kept')}?tagKeys=Environment")[0] == 204
        key = client("kms").create_key()["KeyMetadata"]["KeyId"]
        client("kms").enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
        client("logs").create_log_group(logGroupName="g", logGroupClass="INFREQUENT_ACCESS")
    with process.start(state=tmp_path / "state") as second:
        client = connect(second)
        assert client("s3").get_bucket_tagging(Bucket="kept")["TagSet"] == TAGS[1:]
        assert client("kms").get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180
        (group,) = client("logs").describe_log_groups()["logGroups"]
        assert group["logGroupClass"] == "INFREQUENT_ACCESS"
