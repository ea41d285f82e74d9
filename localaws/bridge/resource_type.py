"""What the bridge knows about one type of resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localaws.bridge.shapes import TAGS, Shape, rename

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What a resource is once it exists: its id, and what it has beside its inputs."""

    id: str
    outputs: dict[str, Any]


@dataclass(frozen=True)
class ResourceType:
    """How one type is made, described, changed and removed.

    ``create`` also takes over what is already there: a provisioning that was killed between the
    making of a resource and the writing of its state finds it the next time. All four may be
    called from any thread.
    """

    shape: Shape
    """The inputs that are understood, and what the API calls them."""
    create: Callable[[Clients, Properties], Made]
    describe: Callable[[Clients, str, Properties], Properties | None]
    """What AWS tells about it, under the names of the inputs; None when it is not there.

    It is called with the id, and with the inputs of ``replace_on`` alone: a reader that repeated
    what the program asked for would prove nothing.
    """
    update: Callable[[Clients, str, Properties], Made] | None
    """Bring what is there, by its id, to these inputs; None when every change replaces it."""
    delete: Callable[[Clients, str, Properties], None]
    """Remove it; gone already is good."""
    replace_on: frozenset[str] = frozenset()
    """Inputs that AWS cannot change in place."""
    unordered: frozenset[str] = frozenset()
    """Inputs that are lists in which the order means nothing."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What AWS tells of an input that was not given."""
    computed: frozenset[str] = frozenset()
    """Inputs that the provider leaves as they are on AWS where the program gives none."""
    found: Callable[[Clients, str], Made] | None = None
    """What one that is there has beside its inputs, by its id alone; None for what the engine
    cannot import.
    """
    taggable: bool = False
    """Whether the provider's default tags reach it."""

    def replaces(self, changed: Set[str]) -> bool:
        """Whether a change of these inputs takes a new resource."""
        return self.update is None or bool(self.replace_on & changed)

    def with_tags(self, inputs: Properties, default_tags: Mapping[str, str]) -> dict[str, Any]:
        """The inputs that are given, and `tagsAll`: the default tags under the resource's own."""
        given = {name: value for name, value in inputs.items() if value is not None}
        if self.taggable:
            given["tagsAll"] = {**default_tags, **given.get("tags", {})}
        return given

    def check(self, inputs: Properties, where: str) -> None:
        """Refuse inputs of which any part would be ignored.

        Raises:
            UnsupportedError: naming the property and, by ``where``, its resource.
        """
        own_tags = TAGS if self.taggable else frozenset()
        rename(self.shape, {key: inputs[key] for key in inputs if key not in own_tags}, where)


def changed(old: Properties, new: Properties) -> set[str]:
    """The names of the inputs that differ."""
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
