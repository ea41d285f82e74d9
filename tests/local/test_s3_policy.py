"""Bucket policies decide by their conditions, as on AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lakehouse.bucket_policies import tls_only
from localaws import process, s3_conditions
from localaws.errors import UnsupportedError
from localaws.s3_request import PolicyRequest, bucket_action, object_action
from tests.local.single_attempt import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "arn:aws:kms:us-east-1:123456789012:key/right"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """An S3 client of a running server."""
    with process.start() as server:
        yield client_of(server, "s3")


@pytest.fixture
def without_tls(s3: Any) -> Iterator[Any]:
    """Return the client while its requests say that they came without TLS."""

    def say(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-Proto"] = "http"

    s3.meta.events.register("before-sign.s3", say)
    yield s3
    s3.meta.events.unregister("before-sign.s3", say)


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    """A bucket for one test."""
    name = "b" + str(abs(hash(request.node.nodeid)))
    s3.create_bucket(Bucket=name)
    return name


def _deny(bucket: str, condition: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": condition,
        **fields,
    }


def _put_policy(s3: Any, bucket: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def _denied(call: Any, **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return True
        raise
    return False


def test_a_tls_only_policy_lets_loopback_through(s3: Any, bucket: str) -> None:
    """Denying plain HTTP shuts nobody out, and the opposite condition shuts everybody out."""
    _put_policy(s3, bucket, _deny(bucket, {"Bool": {"aws:SecureTransport": "false"}}))
    assert not _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    assert not _denied(s3.get_object, Bucket=bucket, Key="k")
    assert not _denied(s3.head_object, Bucket=bucket, Key="k")
    assert not _denied(s3.list_objects_v2, Bucket=bucket)
    _put_policy(s3, bucket, _deny(bucket, {"Bool": {"aws:SecureTransport": True}}))
    assert _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    assert _denied(s3.get_object, Bucket=bucket, Key="k")
    assert _denied(s3.head_object, Bucket=bucket, Key="k")
    assert _denied(s3.list_objects_v2, Bucket=bucket)
    assert _denied(s3.get_bucket_versioning, Bucket=bucket)
    assert not _denied(s3.delete_bucket_policy, Bucket=bucket)
    assert not _denied(s3.get_object, Bucket=bucket, Key="k")


def test_only_a_wrong_encryption_header_is_denied(s3: Any, bucket: str) -> None:
    """The policy pair of Null and StringNotEquals denies the wrong header, not the absent one."""
    present = {"s3:x-amz-server-side-encryption": "false"}
    _put_policy(
        s3,
        bucket,
        _deny(
            bucket,
            {
                "Null": present,
                "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
            },
            Action="s3:PutObject",
        ),
        _deny(
            bucket,
            {"StringNotEqualsIfExists": {"s3:x-amz-server-side-encryption-aws-kms-key-id": KEY}},
            Action="s3:PutObject",
            Resource=f"arn:aws:s3:::{bucket}/keyed/*",
        ),
    )
    assert not _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"")
    encrypted = {"Bucket": bucket, "Body": b"", "ServerSideEncryption": "aws:kms"}
    assert not _denied(s3.put_object, Key="k", SSEKMSKeyId=KEY, **encrypted)
    assert _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="AES256")
    assert not _denied(s3.put_object, Key="keyed/a", SSEKMSKeyId=KEY, **encrypted)


def test_an_action_is_denied_alone(s3: Any, bucket: str) -> None:
    """Denying one action leaves its neighbours alone, tagging and versions included."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    _put_policy(s3, bucket, _deny(bucket, {}, Action=["s3:DeleteObject", "s3:PutObjectTagging"]))
    assert not _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"y")
    assert not _denied(s3.get_object_tagging, Bucket=bucket, Key="k")
    assert _denied(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": []})
    assert _denied(s3.delete_object, Bucket=bucket, Key="k")
    several = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert [error["Code"] for error in several["Errors"]] == ["AccessDenied"]
    assert not _denied(s3.get_object, Bucket=bucket, Key="k")


@pytest.mark.parametrize(
    ("principal", "denied"),
    [
        ({"AWS": "*"}, True),
        ({"AWS": ["123456789012"]}, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, True),
        ({"AWS": "arn:aws:iam::111111111111:root"}, False),
        ({"Service": "logging.s3.amazonaws.com"}, False),
    ],
)
def test_a_statement_counts_for_its_principal(
    s3: Any, bucket: str, principal: dict[str, Any], denied: bool
) -> None:
    """A Deny for somebody else denies nothing to the account."""
    _put_policy(s3, bucket, _deny(bucket, {}, Principal=principal))
    assert _denied(s3.put_object, Bucket=bucket, Key="k", Body=b"") is denied


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ({"Condition": {"DateLessThan": {"aws:CurrentTime": "2020"}}}, "DateLessThan"),
        ({"Condition": {"ForAnyValue:StringEquals": {"s3:prefix": "a"}}}, "ForAnyValue:"),
        ({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, "aws:MultiFactor"),
        ({"Effect": "deny"}, "Invalid effect: deny"),
        ({"Actions": "s3:GetObject"}, "Unknown field Actions"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    s3: Any, bucket: str, statement: dict[str, Any], named: str
) -> None:
    """PutBucketPolicy names an operator, key or field it does not know, and keeps nothing."""
    with pytest.raises(ClientError, match=named) as caught:
        _put_policy(s3, bucket, {**_deny(bucket, {}), **statement})
    assert caught.value.response["Error"]["Code"] == "MalformedPolicy"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"),
    [
        ("StringEquals", "aws:PrincipalAccount", "123456789012", True),
        ("StringEquals", "aws:principalaccount", ["1", "123456789012"], True),
        ("StringNotEquals", "aws:PrincipalAccount", ["1", "123456789012"], False),
        ("StringEquals", "aws:SourceAccount", "123456789012", False),
        ("StringEqualsIfExists", "aws:SourceAccount", "1", True),
        ("StringNotEquals", "aws:SourceAccount", "1", True),
        ("StringEqualsIgnoreCase", "s3:x-amz-storage-class", "standard_ia", True),
        ("StringNotEqualsIgnoreCase", "s3:x-amz-storage-class", "standard_ia", False),
        ("StringLike", "s3:prefix", "logs/*", True),
        ("StringLike", "s3:prefix", "logs/?", False),
        ("StringNotLike", "s3:prefix", "other/*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:root", True),
        ("ArnLike", "aws:PrincipalArn", "arn:*:root", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::x", False),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::1*:root", False),
        ("ArnNotEquals", "aws:SourceArn", "arn:aws:s3:::x", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Null", "aws:SourceArn", "true", True),
        ("Null", "s3:prefix", "false", True),
        ("NumericLessThan", "s3:TlsVersion", "1.2", False),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, expected: bool) -> None:
    """Operators compare as AWS documents it, absent keys included."""
    request = PolicyRequest(
        action="s3:ListBucket",
        resource="arn:aws:s3:::b",
        headers={"x-amz-storage-class": "STANDARD_IA"},
        query={"prefix": "logs/2024"},
    )
    condition = {operator: {key: wanted}}
    s3_conditions.check(condition)
    assert s3_conditions.holds(condition, request) is expected


@pytest.mark.parametrize(("source", "accepted"), [("{bucket}", True), ("another", False)])
def test_logs_are_let_in_by_the_policy_of_their_bucket(
    s3: Any, bucket: str, source: str, accepted: bool
) -> None:
    """Logging needs a policy that lets the service in for this source, beside a TLS-only Deny."""
    s3.create_bucket(Bucket=f"{bucket}l")
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}l/*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source.format(bucket=bucket)}"},
        },
    }
    tls = _deny(f"{bucket}l", {"Bool": {"aws:SecureTransport": "false"}})
    _put_policy(s3, f"{bucket}l", tls, allowed)
    status = {"LoggingEnabled": {"TargetBucket": f"{bucket}l", "TargetPrefix": "p/"}}
    if accepted:
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    else:
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)


def test_an_unknown_operator_is_named() -> None:
    """A condition is never skipped."""
    with pytest.raises(UnsupportedError, match="StringSortOf"):
        s3_conditions.check({"StringSortOf": {"s3:prefix": "a"}})


@pytest.mark.parametrize(
    ("method", "query", "action"),
    [
        ("PUT", "", "s3:PutObject"),
        ("POST", "uploads", "s3:PutObject"),
        ("PUT", "tagging", "s3:PutObjectTagging"),
        ("GET", "tagging&versionId", "s3:GetObjectVersionTagging"),
        ("GET", "versionId", "s3:GetObjectVersion"),
        ("DELETE", "uploadId", "s3:AbortMultipartUpload"),
        ("HEAD", "", "s3:GetObject"),
    ],
)
def test_requests_to_objects_have_their_action(method: str, query: str, action: str) -> None:
    """Each operation on objects is known by its own policy action."""
    assert object_action(method, dict.fromkeys(query.split("&"), "1")) == action


@pytest.mark.parametrize(
    ("method", "query", "action"),
    [
        ("GET", "list-type", "s3:ListBucket"),
        ("GET", "versions", "s3:ListBucketVersions"),
        ("PUT", "encryption", "s3:PutEncryptionConfiguration"),
        ("DELETE", "policy", "s3:DeleteBucketPolicy"),
        ("DELETE", "tagging", "s3:PutBucketTagging"),
        ("DELETE", "", "s3:DeleteBucket"),
        ("PUT", "", "s3:CreateBucket"),
    ],
)
def test_requests_to_buckets_have_their_action(method: str, query: str, action: str) -> None:
    """Each operation on buckets is known by its own policy action."""
    assert bucket_action(method, {query: ""} if query else {}) == action


def test_a_bucket_of_the_lakehouse_refuses_what_comes_without_tls(
    s3: Any, bucket: str, request: pytest.FixtureRequest
) -> None:
    """Listing, reading and writing alike, by the very statement that the stacks declare."""
    s3.put_object(Bucket=bucket, Key="before", Body=b"x")
    _put_policy(s3, bucket, tls_only(f"arn:aws:s3:::{bucket}"))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    request.getfixturevalue("without_tls")
    assert _denied(s3.list_objects_v2, Bucket=bucket)
    assert _denied(s3.get_object, Bucket=bucket, Key="before")
    assert _denied(s3.put_object, Bucket=bucket, Key="after", Body=b"x")
