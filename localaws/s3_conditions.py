"""The condition operators and keys of bucket policies, evaluated for requests on loopback.

Semantics: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and, for the keys, .../reference_policies_condition-keys.html. An operator or key that is not listed
here is refused by name: a condition that is skipped would make a policy say something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from localaws.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.s3_request import PolicyRequest


def _header(name: str) -> Callable[[PolicyRequest], str | None]:
    return lambda request: request.headers.get(name)


def _query(name: str) -> Callable[[PolicyRequest], str | None]:
    return lambda request: request.query.get(name)


def _over_tls(request: PolicyRequest) -> str:
    return str(request.headers.get("x-forwarded-proto", "https").lower() != "http").lower()


# Key in lower case -> the request's value, None where the request does not have the key.
# aws:SecureTransport is true because the loopback link stands for TLS here: it never leaves the
# machine, and a policy which wants TLS would otherwise shut everybody out. A client that wants to
# be seen without TLS says so, in the header by which proxies tell it.
_KEYS: Final[dict[str, Callable[[PolicyRequest], str | None]]] = {
    "aws:principalaccount": lambda request: request.account,
    "aws:principalarn": lambda request: request.principal,
    "aws:principalisawsservice": lambda request: str(bool(request.service)).lower(),
    "aws:securetransport": _over_tls,
    "aws:sourceaccount": lambda request: request.account if request.service else None,
    "aws:sourcearn": lambda request: request.source or None,
    "aws:sourceip": lambda _: "127.0.0.1",
    "aws:sourcevpc": lambda _: None,
    "aws:sourcevpce": lambda _: None,
    "aws:viaawsservice": lambda _: "false",
    "s3:delimiter": _query("delimiter"),
    "s3:prefix": _query("prefix"),
    "s3:tlsversion": lambda _: "1.3",
    "s3:versionid": _query("versionId"),
    "s3:x-amz-acl": _header("x-amz-acl"),
    "s3:x-amz-copy-source": _header("x-amz-copy-source"),
    "s3:x-amz-metadata-directive": _header("x-amz-metadata-directive"),
    "s3:x-amz-server-side-encryption": _header("x-amz-server-side-encryption"),
    "s3:x-amz-server-side-encryption-customer-algorithm": _header(
        "x-amz-server-side-encryption-customer-algorithm"
    ),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _header(
        "x-amz-server-side-encryption-aws-kms-key-id"
    ),
    "s3:x-amz-storage-class": _header("x-amz-storage-class"),
}


def wildcard(pattern: str, value: str) -> bool:
    """Tell whether `value` matches a pattern in which * and ? stand for characters."""
    parts = (
        {"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern)
    )
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _arn_like(pattern: str, value: str) -> bool:
    """Match the six parts of an ARN one by one, so that * does not cross a colon."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) and all(map(wildcard, patterns, values))


def _caseless(pattern: str, value: str) -> bool:
    return pattern.casefold() == value.casefold()


def _equal(pattern: str, value: str) -> bool:
    return pattern == value


# Operator -> (how one wanted value compares to the request's, whether the result is turned round).
_OPERATORS: Final[dict[str, tuple[Callable[[str, str], bool], bool]]] = {
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_caseless, False),
    "NumericGreaterThan": (lambda wanted, value: float(value) > float(wanted), False),
    "NumericGreaterThanEquals": (lambda wanted, value: float(value) >= float(wanted), False),
    "NumericLessThan": (lambda wanted, value: float(value) < float(wanted), False),
    "NumericLessThanEquals": (lambda wanted, value: float(value) <= float(wanted), False),
    "StringEquals": (_equal, False),
    "StringEqualsIgnoreCase": (_caseless, False),
    "StringLike": (wildcard, False),
    "StringNotEquals": (_equal, True),
    "StringNotEqualsIgnoreCase": (_caseless, True),
    "StringNotLike": (wildcard, True),
}
_IF_EXISTS: Final = "IfExists"


def check(condition: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `UnsupportedError`, which names it, for an operator or key that is not known here."""
    for operator, keys in condition.items():
        if operator != "Null" and operator.removesuffix(_IF_EXISTS) not in _OPERATORS:
            raise UnsupportedError(f"localaws does not evaluate the condition operator {operator}")
        for key in keys:
            if key.lower() not in _KEYS:
                raise UnsupportedError(f"localaws does not evaluate the condition key {key}")


def holds(condition: Mapping[str, Mapping[str, Any]], request: PolicyRequest) -> bool:
    """Tell whether every condition of the block is true for the request."""
    return all(
        _one_holds(operator, _as_texts(wanted), _KEYS[key.lower()](request))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _one_holds(operator: str, wanted: list[str], value: str | None) -> bool:
    if operator == "Null":
        return any(_caseless(text, str(value is None)) for text in wanted)
    compare, negated = _OPERATORS[operator.removesuffix(_IF_EXISTS)]
    if value is None:
        # AWS: a negated operator is true when the request does not have the key.
        return negated or operator.endswith(_IF_EXISTS)
    return any(compare(text, value) for text in wanted) != negated


def _as_texts(wanted: Any) -> list[str]:
    """Return the wanted values as texts; JSON may hold booleans and numbers too."""
    values = wanted if isinstance(wanted, list) else [wanted]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
