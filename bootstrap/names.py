"""What is called how: names of the bootstrap itself, and patterns over those of the stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse.account import Account

GITHUB = "token.actions.githubusercontent.com"
"""The issuer of GitHub's tokens ("Configuring OpenID Connect in AWS", GitHub)."""

PATH = "/lakehouse-bootstrap/"
"""The path of roles and policies here: outside what the deployer may touch, whatever the prefix."""


@dataclass(frozen=True)
class BootstrapNames:
    """The names in one account, for the stacks of one prefix."""

    prefix: str
    account: Account

    @property
    def state_bucket(self) -> str:
        """Where Pulumi keeps the state of all stacks; not a name that a stack's bucket can have."""
        return f"pulumi-{self.prefix}-{self.account.id}-{self.account.region}"

    @property
    def log_bucket(self) -> str:
        """Where access to the state is logged."""
        return f"pulumi-logs-{self.prefix}-{self.account.id}-{self.account.region}"

    @property
    def key_alias(self) -> str:
        """The key of the state and of the secrets in it."""
        return f"alias/pulumi/{self.prefix}"

    @property
    def database_prefix(self) -> str:
        """What the names of databases begin with."""
        return self.prefix.replace("-", "_")

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of a resource of this account."""
        account = self.account
        region = account.region if regional else ""
        return f"arn:{account.partition}:{service}:{region}:{account.id}:{resource}"

    def s3(self, name: str) -> str:
        """The ARN of a bucket, or of what is in it."""
        return f"arn:{self.account.partition}:s3:::{name}"

    @property
    def stack_roles(self) -> str:
        """Every role of every stack of the prefix."""
        return self.arn("iam", f"role/{self.prefix}-*", regional=False)

    @property
    def boundary(self) -> str:
        """The ARN of the boundary, known before it is made."""
        return self.arn("iam", f"policy{PATH}{self.prefix}-boundary", regional=False)
