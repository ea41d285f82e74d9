"""Whether IAM would let a request pass, by the documents alone.

Follows "Policy evaluation logic" and "Permissions boundaries for IAM entities" of the IAM user
guide for identity policies, resource policies and boundaries. Organizations' policies, session
policies and ACLs are left out: a stack declares none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from policy.conditions import Context, holds, like
from policy.documents import Statement, statements

Document = Mapping[str, Any]


class Decision(Enum):
    """How a request ends."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicit deny"
    """Nothing allows it."""
    EXPLICIT_DENY = "explicit deny"
    """A statement refuses it, whatever others allow."""


@dataclass(frozen=True)
class Request:
    """Who wants to do what to what."""

    principal: str
    """The ARN of a role or user, of an identity provider for those with its tokens, or a service
    such as ``glue.amazonaws.com``.
    """
    action: str
    resource: str
    context: Context = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The principal's account; empty for a service."""
        parts = self.principal.split(":")
        return parts[4] if len(parts) > 4 else ""

    @property
    def root(self) -> set[str]:
        """The ways in which a document names the whole account of the principal."""
        if not self.account:
            return set()
        partition = self.principal.split(":")[1]
        return {self.account, f"arn:{partition}:iam::{self.account}:root"}


def evaluate(
    request: Request,
    *,
    identity: Sequence[Document] = (),
    resource_policy: Document | None = None,
    boundary: Document | None = None,
    owner: str = "",
) -> Decision:
    """Decide a request.

    Args:
        request: the request.
        identity: the policies of the principal.
        resource_policy: the policy of the resource: of a bucket, a key, or a role's trust.
        boundary: the principal's permissions boundary; None when it has none.
        owner: the account that the resource belongs to; by default the principal's own.

    Raises:
        UnsupportedPolicyError: where a document holds what is not evaluated here.
    """
    own = [one for document in identity for one in statements(document)]
    limits = statements(boundary)
    on_resource = [one for one in statements(resource_policy) if _names(one, request) is not None]
    matching = [one for one in (*own, *limits, *on_resource) if _matches(one, request)]
    if any(not one.allows for one in matching):
        return Decision.EXPLICIT_DENY

    by_identity = _allow(own, request) and (boundary is None or _allow(limits, request))
    granted = [one for one in on_resource if one.allows and _matches(one, request)]
    directly = any(_names(one, request) == "principal" for one in granted)
    # A role that a resource names is still held by its boundary; a service has none.
    directly = directly and (boundary is None or _allow(limits, request))
    same_account = owner in {"", request.account}
    service = request.action.partition(":")[0].lower()
    if not request.account:
        passes = directly
    elif not same_account or service == "kms" or request.action.lower() == "sts:assumerole":
        # Both sides have to agree; within the account, the resource's own word is enough.
        passes = bool(granted) and (by_identity or (directly and same_account))
    else:
        passes = by_identity or directly
    return Decision.ALLOWED if passes else Decision.IMPLICIT_DENY


def matches_action(pattern: str, action: str) -> bool:
    """Whether a pattern of actions covers one; IAM does not tell small letters from big ones."""
    return like(action.lower(), pattern.lower())


def _allow(listed: Sequence[Statement], request: Request) -> bool:
    return any(one.allows and _matches(one, request) for one in listed)


def _names(statement: Statement, request: Request) -> str | None:
    """How a resource's statement means the principal: itself, its account, or not at all."""
    kind = "AWS" if request.account else "Service"
    if ":oidc-provider/" in request.principal:
        kind = "Federated"
    named = set(statement.of_kind(kind))
    if "*" in statement.of_kind("AWS") or request.principal in named:
        return "principal"
    return "account" if named & request.root else None


def _matches(statement: Statement, request: Request) -> bool:
    covered = _covers(
        statement.actions, statement.not_actions, request.action.lower(), lower=True
    ) and _covers(statement.resources, statement.not_resources, request.resource, lower=False)
    where = f"the statement {statement.sid or '?'}"
    return covered and holds(statement.conditions, request.context, where=where)


def _covers(
    wanted: tuple[str, ...] | None, unwanted: tuple[str, ...] | None, value: str, *, lower: bool
) -> bool:
    patterns = wanted if wanted is not None else unwanted
    if patterns is None:
        return True  # A role's trust names no resource: it stands on the role.
    found = any(like(value, one.lower() if lower else one) for one in patterns)
    return found == (wanted is not None)
