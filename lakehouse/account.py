"""Whose credentials these are: asked once, and compared with what the stack allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from lakehouse.config import AwsSettings


@dataclass(frozen=True)
class Account:
    """The account, partition and region in which everything is made."""

    id: str
    partition: str
    region: str


def resolve_account(settings: AwsSettings, stack: str) -> Account:
    """Ask AWS who is calling, and stop when the stack does not belong to that account.

    Without this check, the credentials of another account would give every bucket another name,
    and Pulumi would replace the whole lakehouse.

    Raises:
        ConfigError: when ``aws:allowedAccountIds`` does not list the caller's account.
    """
    # Whoever only needs the class above must not wait for this import.
    import pulumi_aws as aws  # noqa: PLC0415

    caller = aws.get_caller_identity().account_id
    allowed = settings.allowed_account_ids
    if allowed and caller not in allowed:
        raise ConfigError(
            stack,
            f"the credentials belong to account {caller}, but aws:allowedAccountIds lists "
            f"{', '.join(allowed)}: use the credentials of a listed account, or change the list",
        )
    return Account(id=caller, partition=aws.get_partition().partition, region=settings.region)
