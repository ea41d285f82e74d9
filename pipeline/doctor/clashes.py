"""Whether the names that the program gives are free, or those of the stack itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakehouse.naming import ZONES
from pipeline.doctor.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.doctor.subject import Subject

ABSENT = frozenset(
    {
        "404",
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchEntity",
        "NotFoundException",
        "ParameterNotFound",
    }
)
"""Error codes that say that there is no such thing."""

ADOPT = (
    "Choose another lakehouse:prefix, or adopt what an earlier stack has left (docs/runbook.md), "
    "or delete it."
)


def buckets(subject: Subject) -> Iterator[Verdict]:
    """Names of buckets are unique in the world: somebody else may have one."""
    names = subject.names()
    s3 = subject.client("s3")
    ours: list[str] = []
    for zone in ZONES:
        name = names.bucket(zone)
        try:
            s3.head_bucket(Bucket=name, ExpectedBucketOwner=names.account.id)
            ours.append(name)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"403", "AccessDenied", "301", "PermanentRedirect", "400"}:
                yield Verdict(
                    "problem",
                    f"the bucket {name} is taken, or closed to you (S3 answers {code})",
                    "Choose another lakehouse:prefix, or use credentials that may list it.",
                )
            elif code not in ABSENT:
                raise
    yield _judged(subject, ours, len(ZONES), "buckets")


def others(subject: Subject) -> Iterator[Verdict]:
    """Names that are unique in the account."""
    found: list[str] = []
    looks = list(_looks(subject))
    for name, look in looks:
        try:
            if look():
                found.append(name)
        except ClientError as error:
            told = error.response["Error"]
            missing = "not found" in told.get("Message", "").lower()  # as Athena says it
            if told["Code"] not in ABSENT and not missing:
                raise
    yield _judged(subject, found, len(looks), "names")


def _judged(subject: Subject, found: list[str], count: int, what: str) -> Verdict:
    listed = ", ".join(found)
    if not found:
        return Verdict("ok", f"{count} {what} are free")
    if subject.deployed:
        return Verdict("ok", f"{len(found)} of {count} {what} are there, as Pulumi's state says")
    if subject.deployed is None:
        return Verdict("warning", f"there already, and nobody knows whose: {listed}", ADOPT)
    return Verdict("problem", f"there already, and Pulumi's state does not know: {listed}", ADOPT)


def _looks(subject: Subject) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each name, and a call that returns something, or fails, when it is not there."""
    names = subject.names()
    settings = subject.need_settings()
    iam, glue, athena = (subject.client(one) for one in ("iam", "glue", "athena"))
    actors = ["job", "crawler", "operator", *(["analyst"] if settings.analyst_principals else [])]
    for role in map(names.role, actors):
        yield f"role {role}", partial(iam.get_role, RoleName=role)
    yield f"job {names.job}", partial(glue.get_job, JobName=names.job)
    yield f"crawler {names.crawler}", partial(glue.get_crawler, Name=names.crawler)
    yield f"database {names.database}", partial(glue.get_database, Name=names.database)
    shared = names.security_configuration
    yield (
        f"security configuration {shared}",
        partial(glue.get_security_configuration, Name=shared),
    )
    group = names.workgroup
    yield f"workgroup {group}", partial(athena.get_work_group, WorkGroup=group)
    logs = subject.client("logs")
    for log_group in names.log_groups.values():
        yield f"log group {log_group}", partial(_is_there, logs, log_group)
    if settings.kms_key_arn is None:
        kms = subject.client("kms")
        yield names.key_alias, partial(kms.describe_key, KeyId=names.key_alias)
    ssm = subject.client("ssm")
    yield f"parameter {names.parameter}", partial(ssm.get_parameter, Name=names.parameter)


def _is_there(logs: Any, name: str) -> bool:
    told = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in told)
