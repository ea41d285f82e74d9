"""What has to be said before anything is made, and what it will cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from smoke.subject import client_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.aws import Aws

OPT_IN = "SMOKE_AWS"
"""The variable that has to be `yes`."""
ACCOUNT = "SMOKE_AWS_ACCOUNT"
"""The variable that names the one account in which the stack may be made."""

COST = """\
It makes a stack of its own in account {account}, region {region}, for about an hour, and
destroys it. At list prices of us-east-1 (2026) that is about $1, and at most $2:
  five interface endpoints in one zone for up to two hours    $0.10
  four Glue runs of two workers, FLEX, ten minutes each       $0.40
  two crawls, billed for ten minutes each                     $0.30
  alarms, logs, Athena (10 MB a query), S3, KMS               $0.20
A run that hangs until its timeout of 20 minutes adds $0.20. The key of the stack waits 30 days for
its deletion, and costs nothing meanwhile."""


def refuse_unless_meant(environment: Mapping[str, str]) -> str:
    """The account that the variables allow.

    Raises:
        UsageError: when they do not say so, with what they have to be.
    """
    if environment.get(OPT_IN) != "yes":
        raise UsageError(
            f"This makes resources on a real AWS account, which cost about a dollar. If you mean "
            f"it: make smoke-aws {OPT_IN}=yes {ACCOUNT}=<the account's 12 digits>"
        )
    account = environment.get(ACCOUNT, "")
    if len(account) != 12 or not account.isdecimal():
        raise UsageError(
            f"{ACCOUNT} = {account!r} is no account id: give the 12 digits of the account in which "
            "the stack may be made, so that no other is touched."
        )
    return account


def refuse_other_account(aws: Aws, allowed: str) -> None:
    """Compare the caller's account with the allowed one.

    Raises:
        UsageError: they differ; nothing was made.
    """
    caller = client_of(aws, "sts").get_caller_identity()["Account"]
    if caller != allowed:
        raise UsageError(
            f"The credentials belong to account {caller}, but {ACCOUNT} allows {allowed} alone: "
            "use that account's credentials. Nothing was made."
        )
