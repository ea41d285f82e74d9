"""A key that is managed elsewhere: looked up before anything is made that would need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REMEDIES = {
    "Creating": "wait until it is there",
    "Disabled": "enable it (aws kms enable-key)",
    "PendingDeletion": "cancel its deletion and enable it (aws kms cancel-key-deletion)",
    "PendingImport": "import its material",
    "PendingReplicaDeletion": "cancel its deletion (aws kms cancel-key-deletion)",
    "Unavailable": "connect its key store",
    "Updating": "wait until it is updated",
}
"""State in which KMS refuses to use a key -> what helps ("Key states of AWS KMS keys")."""

_SYMMETRIC = "SYMMETRIC_DEFAULT"


def require_usable_key(key_arn: str | None, stack: str) -> None:
    """Stop where the given key cannot encrypt, instead of in the middle of an update.

    Raises:
        ConfigError: when the key is not there, may not be looked at, or is in no state for use.
    """
    if key_arn is None:
        return
    told = f"lakehouse:kmsKeyArn = {key_arn!r}"
    try:
        key = aws.kms.get_key(key_id=key_arn)
    except Exception as error:  # Pulumi raises no narrower one, whatever the provider said
        reason = " ".join(str(error).split())
        raise ConfigError(
            stack,
            f"{told} cannot be looked up: {reason}. Give a key that is there and whose policy lets "
            "these credentials describe it (kms:DescribeKey), or leave it out",
        ) from error
    if problems := list(_problems(told, key)):
        raise ConfigError(stack, *problems)


def _problems(told: str, key: aws.kms.GetKeyResult) -> Iterator[str]:
    if remedy := _REMEDIES.get(key.key_state):
        yield f"{told} is in the state {key.key_state}, in which nothing can use it: {remedy}"
    if key.key_spec and key.key_spec != _SYMMETRIC:
        yield (
            f"{told} is a key of the kind {key.key_spec}, but S3, logs and Glue encrypt with "
            f"{_SYMMETRIC} alone: give such a key"
        )
