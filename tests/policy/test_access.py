"""Who can do what: every role asked, over the very documents that the production stack declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakehouse.naming import ZONES
from policy.evaluator import Decision, Request, evaluate
from spark.tables import TABLE_NAMES
from tests.policy.access_table import CONDITIONS, TABLE
from tests.policy.collected import ACCOUNT
from tests.policy.world import CAN, CANNOT, NAMES, REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model import Stack
    from tests.policy.world import World

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
TEAM = NAMES.iam_arn("role/data-engineers")

WHO_OPERATES: list[tuple[str, str, bool]] = [
    # In development whom the account's administrators let in, which is what its root stands for.
    ("dev", NAMES.iam_arn("role/anybody"), CAN),
    ("dev", NAMES.iam_arn("user/anybody"), CAN),
    ("dev", "arn:aws:iam::999999999999:role/anybody", CANNOT),
    ("dev", "arn:aws:iam::999999999999:root", CANNOT),
    # In production those that are named, and nobody else of the account.
    ("prod", TEAM, CAN),
    ("prod", NAMES.iam_arn("role/anybody"), CANNOT),
    ("prod", NAMES.iam_arn("role/data-engineers2"), CANNOT),
    ("prod", ROOT, CANNOT),
    ("prod", "arn:aws:iam::999999999999:role/data-engineers", CANNOT),
]
"""Stack, principal with the right to assume every role, and whether it may be the operator."""

SERVICES: list[tuple[str, str, str, dict[str, str], bool]] = [
    ("glue", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": ACCOUNT}, CAN),
    ("glue", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": "999999999999"}, CANNOT),
    ("glue", "sts:AssumeRole", "{role}-operator", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    ("lambda", "sts:AssumeRole", "{role}-job", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    (
        "logging.s3",
        "s3:PutObject",
        "{access-logs}/x",
        {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "{bronze}"},
        CAN,
    ),
    (
        "logging.s3",
        "s3:PutObject",
        "{access-logs}/x",
        {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "arn:aws:s3:::another"},
        CANNOT,
    ),
    ("logging.s3", "s3:PutObject", "{bronze}/x", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{job-logs}"},
        CAN,
    ),
    # A log group of somebody else in the account does not come under the lakehouse's key.
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{logs}/another/application"},
        CANNOT,
    ),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "{flow-logs}"},
        CAN,
    ),
    (
        f"logs.{REGION}",
        "kms:GenerateDataKey",
        "{key}",
        {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:999999999999:log-group:x"},
        CANNOT,
    ),
    ("events", "kms:Decrypt", "{key}", {"aws:SourceAccount": ACCOUNT}, CAN),
    ("events", "kms:Decrypt", "{key}", {"aws:SourceAccount": "999999999999"}, CANNOT),
    # A stack without a budget: prod, as it is committed, has none.
    ("budgets", "kms:Decrypt", "{key}", {"aws:SourceAccount": ACCOUNT}, CANNOT),
    ("events", "kms:ScheduleKeyDeletion", "{key}", {"aws:SourceAccount": ACCOUNT}, CANNOT),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(row[:3]))
def test_can_and_cannot(world: World, row: tuple[str, str, str, bool]) -> None:
    """Each actor does its work, and only that."""
    actor, action, resource, expected = row
    assert world.can(actor, action, resource, {}) is expected


@pytest.mark.parametrize("row", [*CONDITIONS, *SERVICES], ids=str)
def test_can_and_cannot_under_conditions(
    world: World, row: tuple[str, str, str, dict[str, str], bool]
) -> None:
    """TLS, encryption headers, prefixes, and on whose behalf a service acts."""
    principal, action, resource, context, expected = row
    assert world.can(principal, action, resource, context) is expected


@pytest.mark.parametrize("row", WHO_OPERATES, ids=str)
def test_who_may_be_the_operator(declare: Callable[..., Stack], row: tuple[str, str, bool]) -> None:
    """The role's trust decides, and whoever lets a principal of the account assume roles."""
    stack, principal, expected = row
    (role,) = [one for one in declare(stack).of("iam/role:Role") if one.name == "operator-role"]
    everything = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
    decision = evaluate(
        Request(principal, "sts:AssumeRole", role.arn),
        identity=[everything],
        resource_policy=role.document("assumeRolePolicy"),
        owner=ACCOUNT,
    )
    assert (decision is Decision.ALLOWED) is expected


def test_the_table_is_long_enough_and_fair() -> None:
    """Every actor is asked for both, and nothing is asked twice."""
    assert len(TABLE) >= 60
    assert len({row[:3] for row in TABLE}) == len(TABLE)
    for actor in ("job", "crawler", "operator", "analyst", "flow-logs"):
        assert {row[3] for row in TABLE if row[0] == actor} == {CAN, CANNOT}


def test_nobody_is_let_into_a_bucket_by_the_bucket(world: World) -> None:
    """A role of the account with no policy of its own reaches nothing."""
    stranger = NAMES.iam_arn("role/stranger")
    for zone in ZONES:
        arn = NAMES.bucket_arn(zone)
        request = Request(stranger, "s3:GetObject", f"{arn}/a", {"aws:SecureTransport": "true"})
        decision = evaluate(request, resource_policy=world.on_resource[arn])
        assert decision is Decision.IMPLICIT_DENY


def test_each_table_of_the_analyst_is_one_of_the_lakehouse() -> None:
    """The rows speak of folders that exist."""
    asked = {
        row[2].partition("{bronze}/")[2].partition("/")[0]
        for row in TABLE
        if "{bronze}/" in row[2] and row[3]
    }
    assert asked <= set(TABLE_NAMES)


def test_each_declared_log_group_may_use_the_key(
    world: World, declare: Callable[..., Stack]
) -> None:
    """CloudWatch Logs refuses a group whose key does not let it in."""
    for group in declare("prod").of("cloudwatch/logGroup:LogGroup"):
        context = {"kms:EncryptionContext:aws:logs:arn": group.arn}
        assert world.can(f"logs.{REGION}", "kms:GenerateDataKey", "{key}", context), group.name
