"""Who may take a role: trust policies as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.statements import Document, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakehouse.naming import Names


def trust(
    sid: str,
    principal: Mapping[str, Any],
    condition: Mapping[str, Any] | None = None,
    action: str = "sts:AssumeRole",
) -> Document:
    """The trust policy of a role that one kind of principal may take."""
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action}
    return document([statement if condition is None else {**statement, "Condition": condition}])


def glue_trust(names: Names) -> Document:
    """Only Glue, and only on behalf of this account (the confused deputy, CKV_AWS_60)."""
    return trust(
        "GlueOfThisAccount",
        {"Service": "glue.amazonaws.com"},
        {"StringEquals": {"aws:SourceAccount": names.account.id}},
    )


def named_trust(sid: str, principals: Sequence[str]) -> Document:
    """Only the people and machines whose ARNs the stack's settings list."""
    return trust(sid, {"AWS": sorted(principals)})
