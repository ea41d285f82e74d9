"""Changes of a stack, one at a time: a property, a resource or a statement more, less or other."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policy.model import Resource, Stack

Break = Callable[[Stack], Stack]

ROLE_POLICY = "iam/rolePolicy:RolePolicy"
STRANGER: dict[str, Any] = {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
OURS, OTHER = "111122223333", "999999999999"
NOT = "StringNotEquals"


def put(kind: str, path: str, value: Any) -> Break:
    """Set one property of the first resource of a type, by its dotted path."""

    def change(stack: Stack) -> Stack:
        target = stack.of(kind)[0]
        properties: Any = copy.deepcopy(dict(target.properties))
        *steps, last = path.split(".")
        inner = properties
        for step in steps:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        inner[last] = value
        changed = replace(target, properties=properties)
        return replace(
            stack, resources=tuple(changed if one is target else one for one in stack.resources)
        )

    return change


def drop(kind: str, name: str | None = None) -> Break:
    """Leave out the resources of a type, or the one of a name."""

    def change(stack: Stack) -> Stack:
        gone = [one for one in stack.of(kind) if name in {None, one.name}]
        assert gone
        return replace(stack, resources=tuple(one for one in stack.resources if one not in gone))

    return change


def add(kind: str, **properties: Any) -> Break:
    """Declare one more resource."""

    def change(stack: Stack) -> Stack:
        return replace(
            stack, resources=(*stack.resources, Resource(f"aws:{kind}", "more", properties))
        )

    return change


def state(kind: str, name: str = "policy", **statement: Any) -> Break:
    """Add a statement to the policy in the first resource of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document(name)
        listed = [] if held is None else list(held["Statement"])
        whole = {"Statement": [*listed, {"Sid": "More", "Effect": "Allow", **statement}]}
        return put(kind, name, json.dumps(whole))(stack)

    return change


def of(key: str, value: str, operator: str = "StringEquals") -> dict[str, Any]:
    """A condition on one key."""
    return {"Condition": {operator: {key: value}}}


def tagged(environment: str) -> Break:
    """Call the environment something else."""
    return lambda stack: replace(
        stack, default_tags={**stack.default_tags, "Environment": environment}
    )


def untagged(stack: Stack) -> Stack:
    """Take the provider's tags away."""
    return replace(stack, default_tags={"Environment": "prod"})


def without_denies(kind: str) -> Break:
    """Take the Deny statements out of the first policy of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document("policy")
        assert held is not None
        allows = [one for one in held["Statement"] if one["Effect"] == "Allow"]
        return put(kind, "policy", json.dumps({"Statement": allows}))(stack)

    return change


def unstated(kind: str, sid: str) -> Break:
    """Take one statement out of the first policy of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document("policy")
        assert held is not None
        rest = [one for one in held["Statement"] if one["Sid"] != sid]
        assert len(rest) == len(held["Statement"]) - 1
        return put(kind, "policy", json.dumps({"Statement": rest}))(stack)

    return change


def may(action: str, resource: str = "*", **more: Any) -> Break:
    """Let the role do one thing more."""
    return state(ROLE_POLICY, Action=action, Resource=resource, **more)
