"""What a deployment does, resource by resource, as the engine's events tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pulumi import automation

Kind = Literal["preview", "up", "destroy"]

UNCHANGED = frozenset({"same", "read", "refresh"})
"""Operations that change nothing."""

KINDS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "discard": "delete",
    "discard-replaced": "replace",
    "import-replacement": "replace",
    "read-replacement": "replace",
}
"""The engine's finer steps, and the kind of change that each is a part of."""

REMOVING = frozenset({"delete", "replace"})
"""Kinds after which what a resource was is gone."""

SHOWN = 20
"""Names that a sentence lists before it only counts."""


@dataclass(frozen=True)
class Step:
    """What happens, or would happen, to one resource."""

    kind: str
    """create, update, replace, delete or import."""
    name: str
    """The resource's logical name."""
    type: str
    urn: str
    because: tuple[str, ...]
    """Properties whose change makes it a replacement."""
    kept: bool
    """Whether the stack protects or retains the resource as it is now."""
    forced: bool
    """Whether the resource as it is now says that it goes with all it holds."""

    def __str__(self) -> str:
        """Name it for a message."""
        because = f" because of {', '.join(self.because)}" if self.because else ""
        return f"{self.kind} {self.name} ({self.type}){because}"

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints for it."""
        return {"operation": self.kind, "name": self.name, "type": self.type, "urn": self.urn}


class Steps:
    """Collects the steps while the events come in."""

    def __init__(self) -> None:
        self._by_urn: dict[str, Step] = {}
        self.begun = False
        """Whether Pulumi began the operation."""
        self.ended = False
        """Whether it came to its end, and that was a good one."""
        self.done = 0
        """How many resources have been changed."""
        self.continued = False
        """Whether it takes up what an interrupted update had begun."""

    def add(self, metadata: automation.StepEventMetadata) -> None:
        """Take in one event; a replacement comes as several of one resource."""
        operation = str(metadata.op.value)
        if operation in UNCHANGED:
            return
        known = self._by_urn.get(metadata.urn)
        old = metadata.old
        because = tuple(metadata.keys or ())
        kept = bool(old and (old.protect or old.retain_on_delete))
        forced = bool(old and (old.inputs or {}).get("forceDestroy") is True)
        self._by_urn[metadata.urn] = Step(
            kind=KINDS.get(operation, operation),
            name=metadata.urn.rpartition("::")[2],
            type=metadata.type,
            urn=metadata.urn,
            because=because or (known.because if known else ()),
            kept=kept or bool(known and known.kept),
            forced=forced or bool(known and known.forced),
        )

    def changes(self) -> tuple[Step, ...]:
        """Every change, ordered by kind and name."""
        return tuple(sorted(self._by_urn.values(), key=lambda step: (step.kind, step.urn)))


@dataclass(frozen=True)
class Change:
    """What a command changed, or would change."""

    kind: Kind
    stack: str
    operations: dict[str, int]
    """Numbers of resources by kind of operation, as Pulumi counts them."""
    outputs: dict[str, Any]
    """The stack's outputs, of an `up` only; secret ones are left out."""
    changes: tuple[Step, ...] = ()
    """Each resource that is not left as it is."""

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints."""
        return {
            "kind": self.kind,
            "stack": self.stack,
            "operations": self.operations,
            "outputs": self.outputs,
            "changes": [step.as_json() for step in self.changes],
        }

    def as_text(self) -> str:
        """Return what people read: the counts, and by name what is replaced or deleted."""
        changes = {name: count for name, count in self.operations.items() if name not in UNCHANGED}
        words = ", ".join(f"{count} to {name}" for name, count in sorted(changes.items()))
        if self.kind != "preview":
            words = ", ".join(f"{name} {count}" for name, count in sorted(changes.items()))
        same = self.operations.get("same", 0)
        first = f"{self.kind} of {self.stack}: {words or 'no change'} ({same} unchanged)"
        if self.kind == "destroy":
            return first
        gone = [f"  {step}" for step in self.changes if step.kind in REMOVING]
        return "\n".join([first, *gone])


def named(steps: tuple[Step, ...]) -> str:
    """List steps in a sentence, the first ones by name."""
    words = "; ".join(str(step) for step in steps[:SHOWN])
    return words if len(steps) <= SHOWN else f"{words}; and {len(steps) - SHOWN} more"
