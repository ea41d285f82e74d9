"""The configuration of buckets, which moto alone forgets in part, or mistakes for the bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local.gaps.answers import ACCOUNT, code_of

if TYPE_CHECKING:
    from collections.abc import Callable


def test_lifecycle_and_logging_come_back_as_they_were_put(client: Callable[[Any], Any]) -> None:
    """No setting is forgotten, so that a client which compares finds no difference."""
    s3 = client("s3")
    s3.create_bucket(Bucket="documents")
    s3.create_bucket(Bucket="log-target")
    s3.put_bucket_policy(
        Bucket="log-target",
        Policy=json.dumps(
            {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "logging.s3.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": "arn:aws:s3:::log-target/*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
                }
            }
        ),
    )
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket="documents", LifecycleConfiguration={"Rules": [rule]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket="documents")["Rules"] == [rule]
    nameless = {name: value for name, value in rule.items() if name != "ID"}
    s3.put_bucket_lifecycle_configuration(
        Bucket="documents", LifecycleConfiguration={"Rules": [nameless]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket="documents")["Rules"][0]["ID"]
    s3.delete_bucket_lifecycle(Bucket="documents")
    code = code_of(s3.get_bucket_lifecycle_configuration, Bucket="documents")
    assert code == "NoSuchLifecycleConfiguration"
    logging = {
        "TargetBucket": "log-target",
        "TargetPrefix": "p/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    s3.put_bucket_logging(Bucket="documents", BucketLoggingStatus={"LoggingEnabled": logging})
    assert s3.get_bucket_logging(Bucket="documents")["LoggingEnabled"] == logging
    assert "Contents" not in s3.list_objects_v2(Bucket="log-target")
    s3.put_bucket_logging(Bucket="documents", BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="documents")


def test_an_unknown_bucket_configuration_harms_no_bucket(client: Callable[[Any], Any]) -> None:
    """What is not supported is refused by name, and never taken for the bucket itself."""
    s3 = client("s3")
    s3.create_bucket(Bucket="unharmed")
    with pytest.raises(ClientError, match="DELETE /unharmed") as caught:
        s3.delete_bucket_metrics_configuration(Bucket="unharmed", Id="i")
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    s3.head_bucket(Bucket="unharmed")
    assert s3.get_bucket_request_payment(Bucket="unharmed")["Payer"] == "BucketOwner"
