"""The buckets: every zone of the lakehouse, its by-products, and the logs about them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse import bucket_policies
from lakehouse.documents import json_text
from lakehouse.naming import ACCESS_LOGS, MADE_AGAIN, RESULTS, ZONES, Names
from lakehouse.statements import Statement, document

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABORT_UPLOAD_DAYS = 7
"""A multipart upload that has not ended by then never will."""


@dataclass(frozen=True)
class ZoneBucketArgs:
    """How one bucket differs from the others; what makes it safe is not up for choice."""

    bucket_name: str
    bucket_arn: str
    statements: tuple[Statement, ...]
    force_destroy: bool
    protect: bool
    noncurrent_version_days: int
    key_arn: pulumi.Input[str] | None
    """The key of its objects; None for the log bucket: S3 delivers no logs to one with a key."""
    expire_after_days: int | None = None
    """Only for by-products: expiring the current objects of a Delta table destroys it."""
    log_target: ZoneBucket | None = None
    """Where access is logged; None for the log bucket itself, which would log without end."""


class ZoneBucket(pulumi.ComponentResource):
    """A bucket that is encrypted, versioned, closed to the public and reached over TLS only."""

    name: pulumi.Output[str]
    """The bucket's name, known once its policy and its encryption are in force."""

    def __init__(
        self, zone: str, args: ZoneBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:storage:ZoneBucket", zone, None, opts)
        # A bucket that is kept must keep its settings too: without them it would stand open.
        child = pulumi.ResourceOptions(
            parent=self, protect=args.protect, retain_on_delete=args.protect
        )
        bucket = aws.s3.Bucket(
            zone, bucket=args.bucket_name, force_destroy=args.force_destroy, opts=child
        )
        aws.s3.BucketOwnershipControls(
            zone,
            bucket=bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            zone, bucket=bucket.id, rules=[_encryption_rule(args.key_arn)], opts=child
        )
        versioning = aws.s3.BucketVersioning(
            zone,
            bucket=bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            zone,
            bucket=bucket.id,
            rules=[_lifecycle_rule(args)],
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[versioning])
            ),
        )
        public_access = aws.s3.BucketPublicAccessBlock(
            zone,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        policy = aws.s3.BucketPolicy(
            zone,
            bucket=bucket.id,
            policy=_policy(args),
            # S3 refuses two changes at once to who may reach a bucket.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=[public_access])
            ),
        )
        if args.log_target is not None:
            aws.s3.BucketLogging(
                zone,
                bucket=bucket.id,
                target_bucket=args.log_target.name,
                target_prefix=f"{zone}/",
                opts=child,
            )
        self.name = pulumi.Output.all(bucket.id, policy.id, encryption.id).apply(
            lambda made: str(made[0])
        )
        self.register_outputs({"name": self.name})


def _policy(args: ZoneBucketArgs) -> pulumi.Output[str]:
    def text(key_arn: str | None) -> str:
        encryption = (
            [] if key_arn is None else bucket_policies.right_key_only(args.bucket_arn, key_arn)
        )
        return json_text(document([*args.statements, *encryption]))

    return pulumi.Output.from_input(args.key_arn).apply(text)


def _encryption_rule(
    key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = (
        aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
        )
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default,
        # A key of the bucket's own, made from ours: one call to KMS instead of one per object.
        bucket_key_enabled=None if key_arn is None else True,
    )


def _lifecycle_rule(args: ZoneBucketArgs) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    expiration = None
    if args.expire_after_days is not None:
        expiration = aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
            days=args.expire_after_days
        )
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="tidy-up",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(),
        expiration=expiration,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=args.noncurrent_version_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=_ABORT_UPLOAD_DAYS
        ),
    )


@dataclass(frozen=True)
class StorageArgs:
    """What the stack's settings say about the buckets."""

    names: Names
    key_arn: pulumi.Input[str]
    allow_data_deletion: bool
    protect_data: bool
    noncurrent_version_days: int
    query_result_days: int
    access_log_days: int


class Storage(pulumi.ComponentResource):
    """All buckets of the stack."""

    buckets: Mapping[str, pulumi.Output[str]]
    """Zone -> name of its bucket."""

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:storage:Storage", name, None, opts)
        names = args.names
        logged = [names.bucket_arn(zone) for zone in ZONES if zone != ACCESS_LOGS]
        expiry = {RESULTS: args.query_result_days, ACCESS_LOGS: args.access_log_days}

        def make(zone: str, *extra: Statement, log_target: ZoneBucket | None = None) -> ZoneBucket:
            return ZoneBucket(
                zone,
                ZoneBucketArgs(
                    bucket_name=names.bucket(zone),
                    bucket_arn=names.bucket_arn(zone),
                    statements=(bucket_policies.tls_only(names.bucket_arn(zone)), *extra),
                    force_destroy=args.allow_data_deletion,
                    protect=args.protect_data and zone not in MADE_AGAIN,
                    noncurrent_version_days=args.noncurrent_version_days,
                    key_arn=None if zone == ACCESS_LOGS else args.key_arn,
                    expire_after_days=expiry.get(zone),
                    log_target=log_target,
                ),
                pulumi.ResourceOptions(parent=self),
            )

        delivery = bucket_policies.log_delivery(
            names.bucket_arn(ACCESS_LOGS), logged, names.account.id
        )
        logs = make(ACCESS_LOGS, delivery)
        buckets = {zone: make(zone, log_target=logs) for zone in ZONES if zone != ACCESS_LOGS}
        buckets[ACCESS_LOGS] = logs
        self.buckets = {zone: bucket.name for zone, bucket in buckets.items()}
        self.register_outputs({"buckets": self.buckets})
