"""What buckets themselves allow and refuse, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.statements import Statement


def tls_only(bucket_arn: str) -> Statement:
    """Refuse every request that does not come over TLS (FSBP S3.5, AwsSolutions-S10)."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def right_key_only(bucket_arn: str, key_arn: str) -> list[Statement]:
    """Refuse a new object whose request asks for another encryption than the bucket's own.

    A request without such a header is not refused: it gets the bucket's default, which is the key.
    Each header is judged only where it is present, as S3 looks at the policy first. One that asks
    for KMS and names no key asks for AWS's own key, whatever the bucket's default (PutObject,
    x-amz-server-side-encryption-aws-kms-key-id).
    """
    key_id = key_arn.rpartition("/")[2]
    algorithm = "s3:x-amz-server-side-encryption"
    key = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    customer = "s3:x-amz-server-side-encryption-customer-algorithm"
    wrong = {
        "OtherAlgorithm": {
            "Null": {algorithm: "false"},
            "StringNotEquals": {algorithm: "aws:kms"},
        },
        "KeyOfAws": {"Null": {algorithm: "false", key: "true"}},
        "OtherKey": {"Null": {key: "false"}, "StringNotEquals": {key: [key_arn, key_id]}},
        "KeyOfTheCaller": {"Null": {customer: "false"}},
    }
    return [
        {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:PutObject",
            "Resource": f"{bucket_arn}/*",
            "Condition": condition,
        }
        for sid, condition in wrong.items()
    ]


def log_delivery(log_bucket_arn: str, source_arns: Sequence[str], account_id: str) -> Statement:
    """Let S3 deliver the access logs of these buckets of this account, and of no other."""
    return {
        "Sid": "AccessLogDelivery",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{log_bucket_arn}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": sorted(source_arns)},
            "StringEquals": {"aws:SourceAccount": account_id},
        },
    }
