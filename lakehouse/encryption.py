"""The one key under which everything of the stack is encrypted, and how Glue uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse import key_policy
from lakehouse.documents import json_text

if TYPE_CHECKING:
    from lakehouse.naming import Names

_DELETION_WINDOW_DAYS = 30
"""KMS's longest: until then a deletion can be undone, and a key that waits costs nothing."""


@dataclass(frozen=True)
class EncryptionArgs:
    """Whose key it is, and whether it outlives the stack."""

    names: Names
    given_key_arn: str | None
    """A key that is managed elsewhere, to use instead of one of our own."""
    protect: bool
    """Whether the key is kept with the buckets that are kept: without it they are noise."""
    budget: bool
    """Whether a budget tells the topic, which is encrypted with the key."""


class Encryption(pulumi.ComponentResource):
    """A customer-managed key with rotation, and Glue's security configuration."""

    key_arn: pulumi.Output[str]
    """The key of everything."""
    security_configuration: pulumi.Output[str]
    """What job and crawler name, so that their logs, bookmarks and files use the key."""

    def __init__(
        self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:encryption:Encryption", name, None, opts)
        self.key_arn = self._key(args)
        configuration = aws.glue.SecurityConfiguration(
            "glue",
            name=args.names.security_configuration,
            encryption_configuration=_with_key(self.key_arn),
            # AWS has no update of these, and a second one cannot have the same name.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.security_configuration = configuration.name
        self.register_outputs(
            {"key_arn": self.key_arn, "security_configuration": self.security_configuration}
        )

    def _key(self, args: EncryptionArgs) -> pulumi.Output[str]:
        if args.given_key_arn is not None:
            return pulumi.Output.from_input(args.given_key_arn)
        names = args.names
        kept = pulumi.ResourceOptions(
            parent=self, protect=args.protect, retain_on_delete=args.protect
        )
        key = aws.kms.Key(
            "data",
            description=f"Everything of the lakehouse {names.base}",
            enable_key_rotation=True,
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            policy=json_text(key_policy.document(names, budget=args.budget)),
            opts=kept,
        )
        aws.kms.Alias("data", name=names.key_alias, target_key_id=key.key_id, opts=kept)
        return key.arn


def _with_key(
    key_arn: pulumi.Output[str],
) -> aws.glue.SecurityConfigurationEncryptionConfigurationArgs:
    return aws.glue.SecurityConfigurationEncryptionConfigurationArgs(
        cloudwatch_encryption=aws.glue.SecurityConfigurationEncryptionConfigurationCloudwatchEncryptionArgs(
            cloudwatch_encryption_mode="SSE-KMS", kms_key_arn=key_arn
        ),
        job_bookmarks_encryption=aws.glue.SecurityConfigurationEncryptionConfigurationJobBookmarksEncryptionArgs(
            job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key_arn
        ),
        s3_encryption=aws.glue.SecurityConfigurationEncryptionConfigurationS3EncryptionArgs(
            s3_encryption_mode="SSE-KMS", kms_key_arn=key_arn
        ),
    )
