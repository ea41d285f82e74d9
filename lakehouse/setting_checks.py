"""Settings that are good each by itself and not together, or not in production: as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakehouse.config import AwsSettings, Settings

PROD_LOG_RETENTION_DAYS = 365
"""The least in production (CKV_AWS_338)."""

PROD_LEAST_DAYS = {"noncurrent_version_days": 7, "access_log_days": 90}
"""The least in production: a week to notice what was deleted, a quarter to look into who did."""

REQUIRED_TAGS = ("Project", "Environment", "ManagedBy")
"""Those that the policy checks look for as well."""

_ENVIRONMENTS = ("dev", "prod")


def production_problems(settings: Settings, aws: AwsSettings) -> Iterator[str]:
    """What production does not take."""
    if settings.allow_data_deletion:
        yield (
            "lakehouse:allowDataDeletion = 'true' is not allowed in prod: to take a production "
            "stack down, set lakehouse:environment to dev as well, run up, then destroy with "
            "--delete-data (docs/runbook.md)"
        )
    if not aws.allowed_account_ids:
        yield (
            "aws:allowedAccountIds is missing: give the id of the production account, so that "
            "wrong credentials stop before they touch anything"
        )
    if settings.log_retention < PROD_LOG_RETENTION_DAYS:
        yield (
            f"lakehouse:logRetentionDays = {settings.log_retention} is not allowed in prod: "
            f"give at least {PROD_LOG_RETENTION_DAYS} days"
        )
    for name, least in PROD_LEAST_DAYS.items():
        days = getattr(settings, name)
        if days < least:
            alias = type(settings).model_fields[name].alias
            yield f"lakehouse:{alias} = {days} is not allowed in prod: give at least {least} days"
    yield from _principal_problems(settings)


def _principal_problems(settings: Settings) -> Iterator[str]:
    if not settings.operator_principals:
        yield (
            "lakehouse:operatorPrincipals is missing: give the ARNs of the roles or users that "
            "may run the production pipeline"
        )
    for name in ("operator_principals", "analyst_principals"):
        alias = type(settings).model_fields[name].alias
        for principal in getattr(settings, name):
            if principal.endswith(":root"):
                yield (
                    f"lakehouse:{alias} names {principal!r}, which is not allowed in prod: it is "
                    "everybody whom that account's administrators let in, so give the ARNs of "
                    "roles or users"
                )


def tag_problems(settings: Settings, aws: AwsSettings) -> Iterator[str]:
    """Tags that are missing, or that say another environment than the stack's own (OWN-TAGS-1).

    A tag may also say the stack's name, as `local` does; what it may not say is the environment
    that this is not. A production stack that is being taken down keeps its tags.
    """
    if aws.default_tags is None:
        if settings.is_production:
            yield (
                "aws:defaultTags is missing: give an object `tags` with "
                f"{', '.join(REQUIRED_TAGS)}, by which the bill and the policies know what this is"
            )
        return
    tags = aws.default_tags.tags
    if missing := [tag for tag in REQUIRED_TAGS if not tags.get(tag)]:
        yield f"aws:defaultTags = {tags} has no tag {', '.join(missing)}: give each a value"
    told, environment = tags.get("Environment", ""), settings.environment
    going = told == "prod" and settings.allow_data_deletion
    if told in _ENVIRONMENTS and told != environment and not going:
        yield (
            f"aws:defaultTags has the tag Environment = {told!r}, but lakehouse:environment is "
            f"{environment!r}: give both the same value"
        )


def key_problems(key_arn: str, region: str) -> list[str]:
    """A key that is not where the buckets are."""
    place = key_arn.split(":")[3]
    if place == region:
        return []
    problem = (
        f"lakehouse:kmsKeyArn = {key_arn!r} is a key of {place}, but aws:region is {region}: S3 "
        "takes only keys of the bucket's own region, so give one of there, or leave it out"
    )
    return [problem]
