"""The evaluator, against the examples of the IAM user guide ("Policy evaluation logic", "Condition
operators", "Permissions boundaries for IAM entities", "Cross-account policy evaluation logic").
"""

from __future__ import annotations

from typing import Any

import pytest

from policy.conditions import arn_like, holds, like
from policy.errors import UnsupportedPolicyError
from policy.evaluator import Decision, Request, evaluate

ALLOWED, NOTHING, DENIED = Decision.ALLOWED, Decision.IMPLICIT_DENY, Decision.EXPLICIT_DENY
ALICE = "arn:aws:iam::111122223333:user/alice"
ROOT = "arn:aws:iam::111122223333:root"
BUCKET = "arn:aws:s3:::carlossalazar"
KEY = "arn:aws:kms:us-east-1:111122223333:key/k"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A document; each statement allows unless it says otherwise."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **statement} for statement in statements],
    }


def ask(action: str, resource: str = BUCKET, principal: str = ALICE, **rest: Any) -> Decision:
    """Decide one request."""
    context = rest.pop("context", {})
    return evaluate(Request(principal, action, resource, context), **rest)


READ = policy({"Action": "s3:Get*", "Resource": "*"})


def test_what_nothing_allows_is_denied() -> None:
    """The default is an implicit deny."""
    assert ask("s3:GetObject") is NOTHING
    assert ask("s3:PutObject", identity=[READ]) is NOTHING


def test_an_allow_allows_and_an_explicit_deny_wins() -> None:
    """Order does not matter, nor in which policy the deny is."""
    deny = policy({"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/secret/*"})
    assert ask("s3:GetObject", f"{BUCKET}/a", identity=[READ, deny]) is ALLOWED
    assert ask("s3:GetObject", f"{BUCKET}/secret/a", identity=[READ, deny]) is DENIED
    assert ask("s3:GetObject", f"{BUCKET}/secret/a", identity=[deny, READ]) is DENIED


def test_within_an_account_identity_and_resource_policies_add_up() -> None:
    """Either of the two is enough; a deny in either ends it."""
    to_alice = policy({"Principal": {"AWS": ALICE}, "Action": "s3:PutObject", "Resource": "*"})
    assert ask("s3:PutObject", resource_policy=to_alice) is ALLOWED
    assert ask("s3:GetObject", identity=[READ], resource_policy=to_alice) is ALLOWED
    closed = policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    assert ask("s3:GetObject", identity=[READ], resource_policy=closed) is DENIED


def test_a_resource_that_names_the_account_leaves_the_rest_to_identity_policies() -> None:
    """The root as a principal is no grant to each of its users."""
    to_account = policy({"Principal": {"AWS": ROOT}, "Action": "s3:*", "Resource": "*"})
    assert ask("s3:GetObject", resource_policy=to_account) is NOTHING
    assert ask("s3:GetObject", identity=[READ], resource_policy=to_account) is ALLOWED


def test_across_accounts_both_sides_have_to_agree() -> None:
    """One of them alone is not enough."""
    to_account = policy({"Principal": {"AWS": ROOT}, "Action": "s3:*", "Resource": "*"})
    other = {"owner": "999999999999"}
    assert ask("s3:GetObject", identity=[READ], **other) is NOTHING
    assert ask("s3:GetObject", resource_policy=to_account, **other) is NOTHING
    both = ask("s3:GetObject", identity=[READ], resource_policy=to_account, **other)
    assert both is ALLOWED


def test_a_boundary_is_an_intersection() -> None:
    """It grants nothing by itself, and what it leaves out no identity policy gives."""
    boundary = policy({"Action": ["s3:*", "cloudwatch:*"], "Resource": "*"})
    create = policy({"Action": "iam:CreateUser", "Resource": "*"})
    assert ask("s3:GetObject", boundary=boundary) is NOTHING
    assert ask("s3:GetObject", identity=[READ], boundary=boundary) is ALLOWED
    assert ask("iam:CreateUser", "*", identity=[create], boundary=boundary) is NOTHING
    assert ask("iam:CreateUser", "*", identity=[create]) is ALLOWED


def test_a_key_has_to_agree_itself() -> None:
    """An identity policy counts only once the key's policy gives the account the key."""
    decrypt = policy({"Action": "kms:Decrypt", "Resource": KEY})
    given = policy({"Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
    named = policy({"Principal": {"AWS": ALICE}, "Action": "kms:Decrypt", "Resource": "*"})
    other = policy({"Principal": {"AWS": "*"}, "Action": "kms:Encrypt", "Resource": "*"})
    assert ask("kms:Decrypt", KEY, identity=[decrypt]) is NOTHING
    assert ask("kms:Decrypt", KEY, identity=[decrypt], resource_policy=other) is NOTHING
    assert ask("kms:Decrypt", KEY, identity=[decrypt], resource_policy=given) is ALLOWED
    assert ask("kms:Decrypt", KEY, resource_policy=given) is NOTHING
    assert ask("kms:Decrypt", KEY, resource_policy=named) is ALLOWED


def test_a_service_has_only_what_a_resource_gives_it() -> None:
    """Its conditions say on whose behalf."""
    deliver = policy(
        {
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{BUCKET}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }
    )
    for account, expected in [("111122223333", ALLOWED), ("999999999999", NOTHING)]:
        decided = ask(
            "s3:PutObject",
            f"{BUCKET}/log",
            "logging.s3.amazonaws.com",
            resource_policy=deliver,
            context={"aws:SourceAccount": account},
        )
        assert decided is expected


def test_not_action_and_not_resource_mean_everything_else() -> None:
    """The guide's example: everything but IAM; and everything outside two buckets."""
    but_iam = policy({"NotAction": "iam:*", "Resource": "*"})
    assert ask("s3:GetObject", identity=[but_iam]) is ALLOWED
    assert ask("iam:CreateUser", "*", identity=[but_iam]) is NOTHING
    outside = policy({"Effect": "Deny", "Action": "s3:*", "NotResource": [BUCKET, f"{BUCKET}/*"]})
    assert ask("s3:GetObject", f"{BUCKET}/a", identity=[READ, outside]) is ALLOWED
    assert ask("s3:GetObject", "arn:aws:s3:::other/a", identity=[READ, outside]) is DENIED


def test_actions_take_any_case_and_resources_do_not() -> None:
    """IAM compares actions without regard to case, and names of resources with it."""
    one = policy({"Action": "S3:getobject", "Resource": f"{BUCKET}/A"})
    assert ask("s3:GetObject", f"{BUCKET}/A", identity=[one]) is ALLOWED
    assert ask("s3:GetObject", f"{BUCKET}/a", identity=[one]) is NOTHING


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("b?cket", "bucket", True),
        ("b?cket", "bcket", False),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_wildcards_are_star_and_question_mark_alone(
    pattern: str, value: str, expected: bool
) -> None:
    """Everything else stands for itself, unlike in a shell."""
    assert like(value, pattern) is expected


def test_an_arn_condition_compares_part_by_part() -> None:
    """A wildcard in the account does not swallow the resource."""
    arn = "arn:aws:sns:us-east-1:111122223333:topic"
    assert arn_like(arn, "arn:aws:sns:*:111122223333:*")
    assert arn_like(arn, "arn:aws:sns:us-east-1:*:topic")
    assert not arn_like(arn, "arn:aws:sns:*:topic")
    assert like(arn, "arn:aws:sns:*:topic")


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"k": "b"}, True),
        ({"StringEquals": {"k": "a"}}, {"k": "A"}, False),
        ({"StringEqualsIgnoreCase": {"k": "a"}}, {"k": "A"}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "c"}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": "b"}, False),
        ({"StringLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/alice"}, True),
        ({"StringNotLike": {"k": "a*"}}, {"k": "ab"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "false"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, {}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"k": "false"}}, {"k": "a"}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
        ({"NumericGreaterThan": {"k": "10"}}, {"k": "9"}, False),
        ({"NumericNotEquals": {"k": "10"}}, {"k": "9"}, True),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "203.0.113.7"}, True),
        ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "10.0.0.1"}, True),
        ({"ArnLike": {"k": "arn:aws:s3:::a*"}}, {"k": "arn:aws:s3:::ab"}, True),
        ({"ArnNotEquals": {"k": "arn:aws:s3:::a"}}, {"k": "arn:aws:s3:::a"}, False),
        ({"StringEquals": {"AWS:username": "alice"}}, {"aws:UserName": "alice"}, True),
        ({"StringEquals": {"a": "1", "b": "2"}}, {"a": "1", "b": "3"}, False),
        ({"StringEquals": {"a": "1"}, "Bool": {"b": "true"}}, {"a": "1", "b": "true"}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {}, False),
        (
            {"StringLike": {"k": "home/${aws:username}/*"}},
            {"k": "home/al/x", "aws:username": "al"},
            True,
        ),
        ({"StringLike": {"k": "home/${aws:username}/*"}}, {"k": "home/al/x"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, Any], expected: bool) -> None:
    """Several values are alternatives, several keys and operators all have to hold; a missing key
    fails a positive test and passes a negated one.
    """
    listed = {
        operator: {
            key: value if isinstance(value, list) else [value] for key, value in keys.items()
        }
        for operator, keys in condition.items()
    }
    assert holds(listed, context, where="here") is expected


@pytest.mark.parametrize(
    "statement",
    [
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}},
        {"Condition": {"ForSomeValues:StringEquals": {"k": "a"}}},
        {"NotPrincipal": {"AWS": ROOT}},
    ],
)
def test_what_is_not_understood_is_an_error(statement: dict[str, Any]) -> None:
    """A guess in either direction would be a lie about who can do what."""
    with pytest.raises(UnsupportedPolicyError, match="not evaluated"):
        ask("s3:GetObject", identity=[policy({"Action": "s3:*", "Resource": "*", **statement})])
