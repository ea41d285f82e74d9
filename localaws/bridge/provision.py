"""`pulumi up` without Pulumi's engine: for localaws, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.bridge.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def provision(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: Mapping[str, Any],
    endpoint: str,
    region: str,
    state: Path | None = None,
    fingerprint: str | None = None,
) -> dict[str, Any]:
    """Make what a Pulumi program declares, on the AWS API at ``endpoint``.

    Args:
        program: the program, as for Pulumi's Automation API.
        project: the project's name; the namespace of its settings.
        stack: the stack's name.
        config: ``namespace:key`` -> value; what is no text is handed over as JSON, as Pulumi does.
        endpoint: where the AWS API is, such as ``http://127.0.0.1:4566``.
        region: the region to make everything in.
        state: a file that remembers what was made, so that the next call changes what changed and
            removes what vanished. Without it everything counts as new.
        fingerprint: stands for program and configuration. Where it equals that of the last
            complete run in ``state``, that run's outputs are returned and nothing else happens.

    Returns:
        The stack's outputs as plain values.

    Raises:
        ProvisionError: when a resource cannot be made, changed or removed.
        UnsupportedError: for a type, property or data source that localaws does not know.
        StateFormatError: when the state file is not one.
        Exception: whatever the program raises, such as its own complaint about the settings.
    """
    kept = State.load(state)
    if fingerprint is not None and fingerprint == kept.fingerprint:
        return kept.outputs
    # Only now: these take half of the time of a provisioning.
    from localaws.bridge.clients import Clients  # noqa: PLC0415
    from localaws.bridge.deployment import Deployment  # noqa: PLC0415
    from localaws.bridge.monitor import run  # noqa: PLC0415

    texts = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    clients = Clients(endpoint, region)
    try:
        default_tags = json.loads(texts.get("aws:defaultTags", "{}")).get("tags", {})
        deployment = Deployment(clients, kept, default_tags)
        outputs = run(program, deployment, project=project, stack=stack, config=texts)
        deployment.remove_vanished()
    finally:
        clients.close()
    kept.complete(fingerprint, outputs)
    return outputs
