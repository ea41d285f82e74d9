"""One provisioning: what each resource of the program means for what is already there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.bridge.described import described
from localaws.bridge.errors import ProvisionError
from localaws.bridge.invokes import invoke
from localaws.bridge.resource_type import changed
from localaws.bridge.resources import resource_type
from localaws.bridge.state import Resource, State

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Made, ResourceType


class Deployment:
    """Makes, changes and removes resources until they are what the program says.

    Every resource that the state holds is read once (the state alone is trusted only when the whole
    run is skipped): what has gone meanwhile is made again, what was changed is changed back.
    """

    def __init__(self, clients: Clients, state: State, default_tags: dict[str, str]) -> None:
        self._clients = clients
        self._state = state
        self._default_tags = default_tags
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer a data source of the program."""
        try:
            return invoke(self._clients, token, arguments)
        except (ClientError, BotoCoreError) as error:
            raise ProvisionError(f"{token} failed: {error}") from error

    def register(self, urn: str, token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Bring one resource to these inputs, and remember it; its id and outputs."""
        kind = resource_type(token)
        kind.check(inputs, f"{token} {urn.rpartition('::')[2]!r}")
        wanted = kind.with_tags(inputs, self._default_tags)
        with self._lock:
            if urn in self._seen:
                raise ProvisionError(f"{urn} is declared twice: give one of the two another name")
            self._seen.add(urn)
        try:
            made = self._converge(kind, urn, token, wanted)
        except (ClientError, BotoCoreError) as error:
            raise ProvisionError(f"{urn} could not be provisioned: {error}") from error
        return made.id, made.outputs

    def remove_vanished(self) -> None:
        """Delete what the program no longer declares or has replaced, the latest made first."""
        for urn, resource in reversed(list(self._state.resources.items())):
            if urn in self._seen:
                continue
            try:
                resource_type(resource.type).delete(self._clients, resource.id, resource.inputs)
            except (ClientError, BotoCoreError) as error:
                raise ProvisionError(f"{urn} could not be deleted: {error}") from error
            self._state.drop(urn)

    def _converge(
        self, kind: ResourceType, urn: str, token: str, wanted: dict[str, Any]
    ) -> Resource:
        old = self._state.resources.get(urn)
        there = None if old is None else described(self._clients, token, old.id, old.inputs)
        if old is None or there is None:
            return self._keep(urn, token, wanted, kind.create(self._clients, wanted))
        differing = changed(there, wanted)
        if not differing:
            return old
        if kind.update is None or kind.replaces(differing):
            # Under a key that no program declares, the old one waits to be removed at the end.
            self._state.put(f"{urn}#{old.id}", old)
            return self._keep(urn, token, wanted, kind.create(self._clients, wanted))
        return self._keep(urn, token, wanted, kind.update(self._clients, old.id, wanted))

    def _keep(self, urn: str, token: str, inputs: dict[str, Any], made: Made) -> Resource:
        resource = Resource(token, made.id, inputs, made.outputs)
        self._state.put(urn, resource)
        return resource
