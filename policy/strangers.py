"""Whether a statement lets in who does not belong to the account.

A stranger is a principal of another account, or an AWS service that acts for one. The conditions
are asked what they would answer to him, for a key that is there may say the contrary of what it
should. What he chooses himself, such as a prefix or the service that he goes through, he chooses
well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.conditions import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.conditions import Context
    from policy.documents import Statement

STRANGER = "999999999999"
"""An account that is nobody's here."""

_ARN_PARTS = 6
_ACCOUNT = re.compile(r"\d{12}")

_CALLER_KEYS = ("aws:principalaccount", "kms:calleraccount", "aws:sourceowner")
_SERVICE_KEYS = ("aws:sourceaccount", "aws:sourceowner")
_ORGANIZATION_KEYS = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
)
_ARN_KEYS = ("aws:principalarn", "aws:sourcearn")
_OWN_KEYS = frozenset({*_CALLER_KEYS, *_SERVICE_KEYS, *_ORGANIZATION_KEYS, *_ARN_KEYS})
"""Keys whose values AWS sets by who asks, or for whom a service does."""

_RESOURCE_KEY = "aws:resourceaccount"


def admitted(statement: Statement, account: str, *, resource_account: str = "") -> Iterator[str]:
    """Whom an allowing statement lets in from outside the account, in words.

    Args:
        statement: a statement of the policy of a resource, a role's trust or an endpoint.
        account: the account that everybody should belong to.
        resource_account: the account of the resource that is asked for; that account by default.
    """
    if not statement.allows:
        return
    resource_account = resource_account or account
    for kind, identifiers in (statement.principals or {}).items():
        for identifier in identifiers:
            if kind == "Service":
                contexts, who = _as_service(statement), f"{identifier} for every account"
            elif identifier == "*":
                contexts = [*_as_principal(statement, STRANGER), *_as_service(statement)]
                who = "everybody"
            elif account_of(identifier) == account and kind == "AWS":
                continue
            else:
                other = account_of(identifier) or STRANGER
                contexts, who = _as_principal(statement, other), identifier
            if any(_holds(statement, one, resource_account) for one in contexts):
                yield who


def account_of(principal: str) -> str:
    """The account of a principal that is written as an ARN or as an account's number."""
    if _ACCOUNT.fullmatch(principal):
        return principal
    parts = principal.split(":")
    found = parts[4] if len(parts) >= _ARN_PARTS else ""
    return found if _ACCOUNT.fullmatch(found) else ""


def _as_principal(statement: Statement, account: str) -> list[Context]:
    known = {
        **dict.fromkeys(_CALLER_KEYS, account),
        **dict.fromkeys(_ORGANIZATION_KEYS[:2], "o-stranger"),
    }
    arns = [f"arn:aws:iam::{account}:role/stranger", *_claimed(statement, "aws:principalarn")]
    return [{**known, "aws:principalarn": arn} for arn in arns]


def _as_service(statement: Statement) -> list[Context]:
    """A service says for whom it acts; some say nothing, and IfExists lets those pass."""
    known = {
        **dict.fromkeys(_SERVICE_KEYS, STRANGER),
        **dict.fromkeys(_ORGANIZATION_KEYS[2:], "o-stranger"),
    }
    arns = [f"arn:aws:service:us-east-1:{STRANGER}:stranger", *_claimed(statement)]
    return [{}, *({**known, **dict.fromkeys(_arn_keys(statement), arn)} for arn in arns)]


def _arn_keys(statement: Statement) -> set[str]:
    """The keys that hold an ARN, such as the encryption context of a log group: a service takes
    them from the resource that it acts for.
    """
    return {
        key.lower()
        for keys in statement.conditions.values()
        for key, values in keys.items()
        if key.lower() == "aws:sourcearn" or any(value.startswith("arn:") for value in values)
    } - {"aws:principalarn"}


def _claimed(statement: Statement, *keys: str) -> Iterator[str]:
    """ARNs that the stranger can make true: those of a statement with his account in them. One
    without an account, such as a bucket's, can be his only when the statement leaves it open.
    """
    for listed in statement.conditions.values():
        for key, values in listed.items():
            if key.lower() not in (keys or _arn_keys(statement)):
                continue
            for value in values:
                parts = re.sub(r"[*?]", "x", value).split(":", _ARN_PARTS - 1)
                if len(parts) < _ARN_PARTS:
                    yield ":".join(parts)
                    continue
                open_name = not parts[4] and ("*" in value or "?" in value)
                if parts[4]:
                    parts[4] = STRANGER
                if parts[4] or open_name:
                    yield ":".join(parts)


def _holds(statement: Statement, context: Context, resource_account: str) -> bool:
    """Whether the conditions that speak of who asks let him pass; the others he fulfils."""
    asked = _OWN_KEYS | _arn_keys(statement) | {_RESOURCE_KEY}
    of_him: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for operator, keys in statement.conditions.items():
        of_him[operator] = {key: values for key, values in keys.items() if key.lower() in asked}
    known = {**context, _RESOURCE_KEY: resource_account}
    return holds(of_him, known, where=f"the statement {statement.sid or '?'}")
