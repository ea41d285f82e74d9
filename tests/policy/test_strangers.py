"""Strangers: whom a statement lets in by what its conditions say, not by which keys they name."""

from __future__ import annotations

from typing import Any

import pytest

from policy.documents import statements
from policy.strangers import STRANGER, account_of, admitted

OURS = "111122223333"
ROLE = f"arn:aws:iam::{OURS}:role/x"
FOREIGN_ROOT = f"arn:aws:iam::{STRANGER}:root"
LOGS = {"Service": "logs.us-east-1.amazonaws.com"}
GROUP = "kms:EncryptionContext:aws:logs:arn"

CASES: list[tuple[Any, dict[str, Any], bool]] = [
    # Nobody from outside.
    ({"AWS": ROLE}, {}, False),
    ({"AWS": OURS}, {}, False),
    ({"AWS": [ROLE, f"arn:aws:iam::{OURS}:root"]}, {}, False),
    ("*", {"StringEquals": {"aws:PrincipalAccount": OURS}}, False),
    ("*", {"StringEquals": {"AWS:sourceowner": OURS}}, False),
    ("*", {"StringEquals": {"kms:CallerAccount": OURS, "kms:ViaService": "s3.*"}}, False),
    ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-ours"}}, False),
    ("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OURS}:role/*"}}, False),
    ("*", {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:us-east-1:{OURS}:rule/x"}}, False),
    (LOGS, {"StringEquals": {"aws:SourceAccount": OURS}}, False),
    (LOGS, {"ArnLike": {GROUP: f"arn:aws:logs:*:{OURS}:log-group:*"}}, False),
    (LOGS, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::our-bucket"}}, False),
    # Named, or everybody.
    ({"AWS": FOREIGN_ROOT}, {}, True),
    ({"AWS": STRANGER}, {}, True),
    ({"AWS": [ROLE, FOREIGN_ROOT]}, {}, True),
    ({"CanonicalUser": "0123456789abcdef"}, {}, True),
    ({"AWS": FOREIGN_ROOT}, {"StringEquals": {"aws:PrincipalAccount": OURS}}, False),
    ("*", {}, True),
    (LOGS, {}, True),
    # A key that is there and says nothing, or the contrary.
    ("*", {"StringEquals": {"aws:PrincipalAccount": STRANGER}}, True),
    ("*", {"Null": {"aws:PrincipalAccount": "true", "aws:SourceAccount": "true"}}, True),
    ("*", {"StringNotEquals": {"aws:PrincipalAccount": OURS}}, True),
    ("*", {"StringLike": {"aws:PrincipalAccount": "*"}}, True),
    ("*", {"StringEqualsIfExists": {"aws:SourceAccount": OURS}}, True),
    ("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}, True),
    ("*", {"StringLike": {"aws:PrincipalArn": "*"}}, True),
    ("*", {"Bool": {"aws:SecureTransport": "true"}}, True),
    ("*", {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, True),
    (LOGS, {"StringNotEquals": {"aws:SourceAccount": OURS}}, True),
    (LOGS, {"StringEqualsIfExists": {"aws:SourceAccount": OURS}}, True),
    (LOGS, {"ForAllValues:StringEquals": {"aws:SourceAccount": OURS}}, True),
    (LOGS, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, True),
    (LOGS, {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/ours"}}, True),
    (LOGS, {"ArnNotLike": {"aws:SourceArn": f"arn:aws:events:*:{OURS}:rule/*"}}, True),
    (LOGS, {"ArnLike": {GROUP: "arn:aws:logs:*:*:*"}}, True),
]


def statement(principal: Any, condition: dict[str, Any], effect: str = "Allow") -> Any:
    """A statement of the policy of a resource."""
    (one,) = statements(
        {
            "Statement": {
                "Sid": "S",
                "Effect": effect,
                "Principal": principal,
                "Action": "x:*",
                "Resource": "*",
                "Condition": condition,
            }
        }
    )
    return one


@pytest.mark.parametrize(("principal", "condition", "expected"), CASES, ids=str)
def test_a_stranger_gets_in_or_not(
    principal: Any, condition: dict[str, Any], *, expected: bool
) -> None:
    """The values decide: a role of another account, or a service that acts for it, is asked."""
    assert bool(list(admitted(statement(principal, condition), OURS))) is expected


def test_who_gets_in_is_named() -> None:
    """A finding says who; a refusal lets nobody in."""
    both = statement({"AWS": [ROLE, FOREIGN_ROOT], **LOGS}, {})
    assert list(admitted(both, OURS)) == [FOREIGN_ROOT, f"{LOGS['Service']} for every account"]
    assert list(admitted(statement("*", {}), OURS)) == ["everybody"]
    assert not list(admitted(statement("*", {}, "Deny"), OURS))


def test_a_door_may_be_limited_by_whose_things_lie_behind_it() -> None:
    """Of an endpoint the condition may ask for the account of what is behind instead."""
    inwards = statement("*", {"StringEquals": {"aws:ResourceAccount": OURS}})
    assert not list(admitted(inwards, OURS, resource_account=STRANGER))
    assert list(admitted(inwards, OURS)), "of a bucket it says nothing: it is ours anyway"


@pytest.mark.parametrize(
    ("principal", "account"),
    [(ROLE, OURS), (OURS, OURS), ("AROAEXAMPLE", ""), ("arn:aws:iam::*:root", ""), ("*", "")],
)
def test_an_account_is_read_from_a_principal(principal: str, account: str) -> None:
    """By its number or within an ARN; nothing is guessed."""
    assert account_of(principal) == account


@pytest.mark.parametrize(
    ("condition", "demanded"),
    [
        ({"StringEquals": {"iam:PassedToService": "a"}}, {"iam:passedtoservice": ("a",)}),
        ({"ForAnyValue:StringLike": {"k": ["a*", "b"]}}, {"k": ("a*", "b")}),
        ({"ArnLike": {"k": "arn:x"}, "Bool": {"l": "true"}}, {"k": ("arn:x",)}),
        ({"StringNotEquals": {"k": "a"}}, {}),
        ({"StringEqualsIfExists": {"k": "a"}}, {}),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {}),
        ({"StringLike": {"k": ["a", "*"]}}, {}),
        ({"Null": {"k": "false"}}, {}),
    ],
    ids=str,
)
def test_a_condition_demands_only_what_a_request_has_to_say(
    condition: dict[str, Any], demanded: dict[str, tuple[str, ...]]
) -> None:
    """A rule that asks for a condition takes none that holds for nearly everything."""
    assert statement("*", condition).demanded() == demanded
