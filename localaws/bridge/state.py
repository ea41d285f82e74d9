"""What a provisioning made, kept in one JSON file between runs."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from localaws.errors import StateFormatError

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1


@dataclass(frozen=True)
class Resource:
    """One resource as it was last made or changed."""

    type: str
    id: str
    inputs: dict[str, Any]
    computed: dict[str, Any]
    """What it has beside its inputs, such as its ARN."""

    @property
    def outputs(self) -> dict[str, Any]:
        """All that the program may ask of it."""
        return {**self.inputs, **self.computed, "id": self.id}


@dataclass
class State:
    """The resources in the order in which they were made, by URN.

    With a path, every change is in the file before the call returns, and the file is whole at any
    moment: a provisioning may be killed between any two resources.
    """

    path: Path | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    fingerprint: str | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def load(cls, path: Path | None) -> State:
        """Read the file, or begin empty where there is none.

        Raises:
            StateFormatError: when the file holds something else than this version writes.
        """
        if path is None or not path.exists():
            return cls(path)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] != VERSION:
                raise StateFormatError(
                    f"{path} has version {document['version']}, this localaws reads {VERSION}: "
                    "use another state folder, or the version of localaws that wrote it"
                )
            resources = {urn: Resource(**kept) for urn, kept in document["resources"].items()}
            return cls(path, resources, document["fingerprint"], document["outputs"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateFormatError(
                f"{path} is no state of a provisioning ({error}): move it away together with the "
                "state folder it is in, which holds what it describes"
            ) from error

    def put(self, urn: str, resource: Resource) -> None:
        """Keep a resource that was made or changed; a known one stays in its place."""
        with self._lock:
            self.resources[urn] = resource
            # From here on the stack is not what the last complete run left.
            self.fingerprint = None
            self._write()

    def drop(self, urn: str) -> None:
        """Forget a resource that was removed."""
        with self._lock:
            self.resources.pop(urn, None)
            self.fingerprint = None
            self._write()

    def complete(self, fingerprint: str | None, outputs: dict[str, Any]) -> None:
        """Record that a run came to its end."""
        with self._lock:
            self.fingerprint = fingerprint
            self.outputs = outputs
            self._write(durably=True)

    def _write(self, *, durably: bool = False) -> None:
        if self.path is None:
            return
        document = {
            "version": VERSION,
            "fingerprint": self.fingerprint,
            "outputs": self.outputs,
            "resources": {urn: asdict(resource) for urn, resource in self.resources.items()},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(document, file)
            if durably:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(self.path)
