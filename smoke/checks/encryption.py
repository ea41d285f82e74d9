"""The key in the hands of the services, and buckets that refuse what they should."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from lakehouse.naming import BRONZE, LANDING, RESULTS
from smoke.check import WrongError, check
from smoke.subject import client_of, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from smoke.subject import Subject

_KEY = "smoke/object"
"""An object that the checks put, beside everything that the job reads."""


def _put(subject: Subject, **headers: Any) -> dict[str, Any]:
    reply: dict[str, Any] = subject.client("s3").put_object(
        Bucket=subject.bucket(LANDING), Key=_KEY, Body=b"{}", **headers
    )
    return reply


@check
def kms_use(subject: Subject) -> str:
    """KMS grants of Glue, Athena, S3 and the log services."""
    subject.need_run()
    s3, key = subject.client("s3"), subject.outputs["kms_key_arn"]
    seen = 0
    for zone in (BRONZE, RESULTS):
        listed = s3.list_objects_v2(Bucket=subject.bucket(zone), MaxKeys=20).get("Contents", [])
        for entry in listed:
            head = s3.head_object(Bucket=subject.bucket(zone), Key=entry["Key"])
            used = head.get("SSEKMSKeyId", "none")
            if used != key:
                raise WrongError(f"{entry['Key']} in {zone} is under the key {used}")
            seen += 1
    logs = subject.client("logs")
    for purpose in ("job_output", "crawler"):
        group = subject.outputs["log_groups"][purpose]
        (found,) = logs.describe_log_groups(logGroupNamePrefix=group, limit=1)["logGroups"] or [{}]
        if found.get("kmsKeyId") != key:
            raise WrongError(f"the log group {group} is under the key {found.get('kmsKeyId')}")
    if not seen:
        raise WrongError("the run left no object to look at")
    return f"{seen} objects of job and Athena and two log groups are under the key"


@check
def encryption_headers(subject: Subject) -> str:
    """A bucket policy that denies wrong encryption headers."""
    key = subject.outputs["kms_key_arn"]
    for allowed in ({}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}):
        try:
            _put(subject, **allowed)
        except ClientError as error:
            raise WrongError(f"a put with {allowed or 'no header'} was refused: {error}") from error
    account = subject.names.account
    other = f"arn:{account.partition}:kms:{account.region}:{account.id}:alias/aws/s3"
    for wrong in (
        {"ServerSideEncryption": "AES256"},
        # Without a key S3 would take AWS's own.
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other},
    ):
        if not refused(partial(_put, subject, **wrong)):
            raise WrongError(f"a put with {wrong} was taken")
    return (
        "plain puts and the stack's key pass; SSE-S3, KMS without a key and another key are refused"
    )


@check
def tls_only(subject: Subject) -> str:
    """A bucket policy that denies what comes without TLS."""
    subject.need_aws("it takes its own loopback link for TLS")
    plain = client_of(
        subject.caller, "s3", use_ssl=False, config=Config(retries={"mode": "standard"})
    )
    if not refused(lambda: plain.list_objects_v2(Bucket=subject.bucket(LANDING), MaxKeys=1)):
        raise WrongError("a listing over plain HTTP was answered")
    return "a listing over plain HTTP was refused"


@check
def conditional_writes(subject: Subject) -> str:
    """The lease under S3's conditional writes and deletes."""
    s3, place = subject.client("s3"), {"Bucket": subject.bucket(BRONZE), "Key": "smoke/lease"}
    held = s3.put_object(**place, Body=b"first", IfNoneMatch="*")["ETag"]
    try:
        if not _fails(lambda: s3.put_object(**place, Body=b"second", IfNoneMatch="*")):
            raise WrongError("a second writer took a lease that was held")
        taken = s3.put_object(**place, Body=b"third", IfMatch=held)["ETag"]
        if not _fails(lambda: s3.put_object(**place, Body=b"late", IfMatch=held)):
            raise WrongError("of two writers that found the same lease expired both took it")
        if not _fails(lambda: s3.delete_object(**place, IfMatch=held)):
            raise WrongError("a writer gave back the lease that another had taken over")
        s3.delete_object(**place, IfMatch=taken)
        if s3.list_objects_v2(Bucket=place["Bucket"], Prefix=place["Key"]).get("Contents"):
            raise WrongError("a lease that its writer gave back is still there")
    finally:
        s3.delete_object(**place)
    return "of two writers the second is refused, and nobody gives back the lease of another"


def _fails(call: Callable[[], object]) -> bool:
    """Whether S3 refuses a call for its condition; any other error is raised."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            return True
        raise
    return False


CHECKS = (kms_use, encryption_headers, tls_only, conditional_writes)
