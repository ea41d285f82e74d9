"""Condition operators, as the IAM reference defines them ("IAM JSON policy elements: Condition
operators"); one that is not here is an error, never a match.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from policy.errors import UnsupportedPolicyError

Context = Mapping[str, str | Sequence[str]]
"""What is known about a request: key -> value or values."""

_ARN_PARTS = 6
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in text)
    return re.compile("".join(parts), re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """Whether a value matches a pattern with ``*`` (any characters) and ``?`` (one)."""
    return _pattern(pattern).fullmatch(value) is not None


def arn_like(value: str, pattern: str) -> bool:
    """The same for ARNs: a wildcard does not reach over the first five colons."""
    parts, wanted = value.split(":", _ARN_PARTS - 1), pattern.split(":", _ARN_PARTS - 1)
    if len(parts) != len(wanted):
        return False
    return all(like(part, one) for part, one in zip(parts, wanted, strict=True))


def _in_network(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
    "IpAddress": _in_network,
}

_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}


def holds(
    conditions: Mapping[str, Mapping[str, Sequence[str]]], context: Context, *, where: str
) -> bool:
    """Whether all conditions of a statement hold for a request.

    ``where`` names the statement in the error.

    Raises:
        UnsupportedPolicyError: for an operator that is not known here.
    """
    known = {key.lower(): value for key, value in context.items()}
    return all(
        _one(operator, known.get(key.lower()), wanted, known, where)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _one(
    operator: str,
    given: str | Sequence[str] | None,
    wanted: Sequence[str],
    context: Context,
    where: str,
) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (given is None) == (wanted[0].lower() == "true")
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise UnsupportedPolicyError(f"{where} has the operator {operator}, which is not evaluated")
    if given is None:
        # Without the key, a test for equality fails and one for difference passes.
        return optional or quantifier == "ForAllValues" or (negated and not quantifier)
    values = [given] if isinstance(given, str) else list(given)
    patterns = [_filled(pattern, context) for pattern in wanted]

    def passes(value: str) -> bool:
        return any(test(value, pattern) for pattern in patterns) != negated

    return all(map(passes, values)) if quantifier != "ForAnyValue" else any(map(passes, values))


def _filled(pattern: str, context: Context) -> str:
    """The pattern with ``${aws:...}`` replaced; a variable without a value matches nothing."""

    def value(match: re.Match[str]) -> str:
        found = context.get(match[1].lower())
        return found if isinstance(found, str) else "\0"

    return _VARIABLE.sub(value, pattern)
