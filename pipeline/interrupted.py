"""What an interrupted update leaves: how the stack stands, and what has only begun.

Of an update that was killed Pulumi knows what it began, and not how it ended. The engine warns of
it, and does it again. A creation it keeps on its list for good, even when the resource was made by
the next update; `forget_finished` takes it off.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.deploy_errors import plain_errors
from pipeline.errors import LakehouseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi import automation

    from pipeline.deploy_plan import Kind, Steps

WARNING = "pending operations from previous deployment"
"""Part of what the engine says when it begins an update after a killed one."""


def as_note(warning: str) -> str:
    """Say what was under way, without the rest of the engine's long warning."""
    found = re.findall(r"::([^:\s]+), interrupted while (\w+)", warning)
    doings = ", ".join(f"{doing} {name}" for name, doing in found) or "it does not say what"
    return f"an earlier update was interrupted; what it had begun is done again: {doings}"


def forget_finished(stack: automation.Stack) -> None:
    """Empty the list when all of it is in the state by now.

    Pulumi takes in a state without its whole list, never without a part of it: while anything is
    still open, the list stays, and is told again by the next update.
    """
    exported = stack.export_stack()
    deployment = exported.deployment or {}
    made = {resource["urn"] for resource in deployment.get("resources") or []}
    begun = _begun(deployment)
    if begun and all(one["resource"]["urn"] in made for one in begun):
        stack.import_stack(exported)


def how_it_stands(stack: automation.Stack, kind: Kind, steps: Steps) -> str:
    """Say after an interruption what was done, what is open, and how to go on.

    Args:
        stack: no command of Pulumi's runs on it any more.
        kind: what was interrupted.
        steps: what the interrupted operation did; nothing when it had not begun.
    """
    if kind == "preview" or not steps.begun:
        return f"Interrupted: nothing was changed in the stack {stack.name!r}."
    if steps.ended:
        return f"Interrupted, but the {kind} of the stack {stack.name!r} was done already."
    again = f"`lakehouse {kind} --stack {stack.name}`"
    try:
        with plain_errors(stack.name):
            begun = _begun(stack.export_stack().deployment or {})
    except LakehouseError as error:
        return (
            f"Interrupted, and how the stack {stack.name!r} stands cannot be read: {error} Pulumi "
            f"keeps older states in .pulumi/backups of its backend. With one of them, {again} "
            "goes on."
        )
    told = f"Interrupted: Pulumi ended early. Changes made and written down: {steps.done}"
    if begun:
        names = ", ".join(f"{one['type']} {_name(one)}" for one in begun)
        told += f"; how this ended is not known: {names}"
    return f"{told}. {again} goes on from here."


def _begun(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    return deployment.get("pending_operations") or []


def _name(operation: dict[str, Any]) -> str:
    name: str = operation["resource"]["urn"].rpartition("::")[2]
    return name
