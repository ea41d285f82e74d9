"""What an update that was killed had begun: Pulumi knows that it began, and not how it ended.

The engine warns of it, and does it again. A creation it keeps on its list for good, even when the
resource was made by the next update; `forget_finished` takes it off.
"""

from __future__ import annotations

import re

from pulumi import automation

WARNING = "pending operations from previous deployment"
"""Part of what the engine says when it begins an update after a killed one."""


def as_note(warning: str) -> str:
    """Say what was under way, without the rest of the engine's long warning."""
    found = re.findall(r"::([^:\s]+), interrupted while (\w+)", warning)
    doings = ", ".join(f"{doing} {name}" for name, doing in found) or "it does not say what"
    return f"an earlier update was interrupted; what it had begun is done again: {doings}"


def forget_finished(stack: automation.Stack) -> None:
    """Take from the list what is in the state by now."""
    exported = stack.export_stack()
    deployment = exported.deployment or {}
    made = {resource["urn"] for resource in deployment.get("resources") or []}
    begun = deployment.get("pending_operations") or []
    open_ones = [one for one in begun if one["resource"]["urn"] not in made]
    if len(open_ones) < len(begun):
        settled = {**deployment, "pending_operations": open_ones}
        stack.import_stack(automation.Deployment(version=exported.version, deployment=settled))
