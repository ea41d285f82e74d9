"""Policy documents, read into one shape: every element a tuple, whatever way it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.errors import UnsupportedPolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = {
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


_DEMANDS = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}


@dataclass(frozen=True)
class Statement:
    """One statement; ``None`` stands for an element that is absent."""

    sid: str
    allows: bool
    principals: Mapping[str, tuple[str, ...]] | None
    """Kind (``AWS``, ``Service``, ``Federated``) -> identifiers; ``{"AWS": ("*",)}`` is anybody."""
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The principals of a kind."""
        return (self.principals or {}).get(kind, ())

    def demanded(self) -> dict[str, tuple[str, ...]]:
        """What a request has to say: key in small letters -> the values, of which it bears one.

        A negated operator, one that passes without the key, and a lone wildcard demand nothing.
        """
        found = {}
        for operator, keys in self.conditions.items():
            if operator.removeprefix("ForAnyValue:") in _DEMANDS:
                for key, values in keys.items():
                    if all(value.strip("*?") for value in values):
                        found[key.lower()] = values
        return found


def statements(document: Mapping[str, Any] | None) -> list[Statement]:
    """The statements of a document, of none when there is no document.

    Raises:
        UnsupportedPolicyError: for an element that nothing here evaluates, such as NotPrincipal.
    """
    if document is None:
        return []
    listed = document["Statement"]
    return [_statement(one) for one in (listed if isinstance(listed, list) else [listed])]


def _statement(raw: Mapping[str, Any]) -> Statement:
    unknown = sorted(set(raw) - _KNOWN)
    if unknown:
        raise UnsupportedPolicyError(
            f"the statement {raw.get('Sid', '?')} has {', '.join(unknown)}, which is not "
            f"evaluated: write it with {', '.join(sorted(_KNOWN))}"
        )
    return Statement(
        sid=raw.get("Sid", ""),
        allows=raw["Effect"] == "Allow",
        principals=_principals(raw.get("Principal")),
        actions=_strings(raw.get("Action")),
        not_actions=_strings(raw.get("NotAction")),
        resources=_strings(raw.get("Resource")),
        not_resources=_strings(raw.get("NotResource")),
        conditions={
            operator: {key: _strings(values) or () for key, values in keys.items()}
            for operator, keys in raw.get("Condition", {}).items()
        },
    )


def _principals(value: Any) -> Mapping[str, tuple[str, ...]] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return {"AWS": (value,)}
    return {kind: _strings(identifiers) or () for kind, identifiers in value.items()}


def _strings(value: Any) -> tuple[str, ...] | None:
    """One or many values as text; JSON's true is written ``true`` in policies."""
    if value is None:
        return None
    listed = value if isinstance(value, list) else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)
