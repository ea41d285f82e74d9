"""What buckets themselves allow and refuse, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.policies import Statement


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
