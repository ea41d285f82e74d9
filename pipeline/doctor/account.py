"""Whose credentials these are, and whether account and region are those of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.account import Account
from pipeline.doctor.findings import UncheckedError, Verdict, refusal
from pipeline.explain import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.doctor.subject import Subject


def credentials(subject: Subject) -> Iterator[Verdict]:
    """AWS knows them."""
    if subject.region is None:
        raise UncheckedError(f"no region: set aws:region in {subject.file.name}")
    try:
        told = subject.client("sts").get_caller_identity()
    except ClientError as error:
        yield Verdict("problem", refusal(error), SIGN_IN)
        return
    except BotoCoreError as error:
        yield Verdict("problem", str(error), "Set AWS_PROFILE or sign in, and check the network.")
        return
    subject.caller = told["Arn"]
    partition = told["Arn"].split(":")[1]
    subject.account = Account(id=told["Account"], partition=partition, region=subject.region)
    yield Verdict("ok", f"you are {told['Arn']}")


def account(subject: Subject) -> Iterator[Verdict]:
    """The stack may be made in it."""
    found = subject.need_account().id
    subject.need_settings()
    allowed = subject.aws_settings.allowed_account_ids if subject.aws_settings else ()
    if not allowed:
        yield Verdict(
            "warning",
            f"{found}; aws:allowedAccountIds does not hold the stack to an account",
            f'Add aws:allowedAccountIds: ["{found}"] to {subject.file.name}.',
        )
    elif found in allowed:
        yield Verdict("ok", f"{found}, as aws:allowedAccountIds says")
    else:
        yield Verdict(
            "problem",
            f"{found}, but aws:allowedAccountIds lists {', '.join(allowed)}",
            f"Use the credentials of a listed account, or change {subject.file.name}.",
        )


def region(subject: Subject) -> Iterator[Verdict]:
    """It is switched on in the account, and the one in which commands will look for the stack."""
    where = subject.need_account().region
    # Names of regions that are no regions come back as an error or as an empty list.
    try:
        told = subject.client("ec2").describe_regions(RegionNames=[where], AllRegions=True)
        regions = told["Regions"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidParameterValue":
            raise
        regions = []
    if not regions:
        yield Verdict("problem", f"there is no region {where}", f"Correct {subject.file.name}.")
        return
    if regions[0].get("OptInStatus") == "not-opted-in":
        yield Verdict(
            "problem", f"{where} is switched off", "Enable it in the account's settings first."
        )
        return
    yield Verdict("ok", f"{where} is switched on")
    own = _own_region()
    if own != where:
        yield Verdict(
            "warning",
            f"your AWS configuration says {own or 'no region'}, so other commands look there",
            f"Set AWS_REGION={where}, or pass --region {where} to them.",
        )


def _own_region() -> str | None:
    import os  # noqa: PLC0415

    import boto3  # noqa: PLC0415

    return os.environ.get("AWS_REGION") or boto3.Session().region_name
