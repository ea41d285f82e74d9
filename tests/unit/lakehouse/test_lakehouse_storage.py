"""Buckets: what makes each of them safe, by rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.naming import ACCESS_LOGS, RESULTS, ZONES

if TYPE_CHECKING:
    from collections.abc import Callable

PER_BUCKET: dict[str, dict[str, Any]] = {
    "s3/bucketOwnershipControls:BucketOwnershipControls": {
        "rule": {"objectOwnership": "BucketOwnerEnforced"}
    },
    "s3/bucketVersioning:BucketVersioning": {"versioningConfiguration": {"status": "Enabled"}},
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
}


@pytest.mark.parametrize("kind", PER_BUCKET)
def test_every_bucket_has_the_setting(dev: Any, kind: str) -> None:
    """Versioned, closed to the public, and without ACLs: all nine."""
    settings = dev.of_type(kind)
    assert settings.keys() == set(ZONES)
    for zone, inputs in settings.items():
        assert inputs["bucket"] == dev.outputs["bucket_names"][zone]
        assert PER_BUCKET[kind].items() <= inputs.items()


@pytest.mark.parametrize("zone", ZONES)
def test_every_bucket_refuses_requests_without_tls(dev: Any, zone: str) -> None:
    """Deny everything on bucket and objects when the transport is not secure (FSBP S3.5)."""
    policy = json.loads(dev.of_type("s3/bucketPolicy:BucketPolicy")[zone]["policy"])
    arn = f"arn:aws:s3:::{dev.outputs['bucket_names'][zone]}"
    assert policy["Statement"][0] == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_every_bucket_but_the_log_bucket_is_logged(dev: Any) -> None:
    """Access goes to a folder of its own per bucket; the log bucket would log without end."""
    logging = dev.of_type("s3/bucketLogging:BucketLogging")
    assert logging.keys() == set(ZONES) - {ACCESS_LOGS}
    for zone, inputs in logging.items():
        assert inputs["targetBucket"] == dev.outputs["bucket_names"][ACCESS_LOGS]
        assert inputs["targetPrefix"] == f"{zone}/"


def test_only_the_logs_of_our_own_buckets_are_taken(dev: Any) -> None:
    """The log bucket's one Allow is for S3's delivery, from this account and these buckets."""
    policies = dev.of_type("s3/bucketPolicy:BucketPolicy")
    allows = {
        zone: [
            statement
            for statement in json.loads(inputs["policy"])["Statement"]
            if statement["Effect"] == "Allow"
        ]
        for zone, inputs in policies.items()
    }
    (delivery,) = allows.pop(ACCESS_LOGS)
    assert not any(allows.values())
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Action"] == "s3:PutObject"
    assert delivery["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert len(delivery["Condition"]["ArnLike"]["aws:SourceArn"]) == len(ZONES) - 1


@pytest.mark.parametrize("zone", ZONES)
def test_old_versions_and_dead_uploads_are_tidied_up(dev: Any, zone: str) -> None:
    """Every bucket has one rule, over all of it; its filter has no empty prefix."""
    (rule,) = dev.of_type("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")[zone][
        "rules"
    ]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_current_objects_expire_in_no_zone_that_holds_tables(dev: Any) -> None:
    """Expiring a file of a Delta table destroys the table; results and logs are by-products."""
    rules = dev.of_type("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    expiring = {zone for zone, inputs in rules.items() if inputs["rules"][0].get("expiration")}
    assert expiring == {RESULTS, ACCESS_LOGS}


@pytest.mark.parametrize("allowed", [True, False])
def test_data_can_be_deleted_only_where_the_settings_allow_it(
    declare: Callable[..., Any], allowed: bool
) -> None:
    """One setting decides for every bucket and for the workgroup's history."""
    declared = declare({"lakehouse:allowDataDeletion": json.dumps(allowed)})
    forced = [
        inputs["forceDestroy"]
        for kind in ("s3/bucket:Bucket", "athena/workgroup:Workgroup")
        for inputs in declared.of_type(kind).values()
    ]
    assert forced == [allowed] * (len(ZONES) + 1)


def test_no_type_is_used_that_the_provider_has_deprecated(dev: Any) -> None:
    """The types with a V2 in their names are on their way out of the provider."""
    types = {inputs["type"] for inputs in dev.resources.values()}
    assert not [name for name in types if name.endswith("V2")]
