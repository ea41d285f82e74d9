"""What a program tells the engine of its resources, and never a provider: options and aliases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = ("protect", "retainOnDelete", "deleteBeforeReplace")
_LISTS = ("ignoreChanges", "replaceOnChanges")
_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it."""

    urn: str
    """As in this process, where it has no more than one parent in it."""
    engine_urn: str
    """As the engine has it in its state, with all parents."""
    custom: bool
    """Whether a provider makes it; no component."""
    options: tuple[str, ...]
    """What changes how the engine treats it, such as `protect` or `ignoreChanges(policy)`."""
    aliases: frozenset[str]
    """The further URNs under which the engine looks for it in its state."""


class Registrations:
    """The resources of one run, each after its parent."""

    def __init__(self) -> None:
        self._by_urn: dict[str, Registration] = {}

    def add(self, urn: str, request: Any) -> Registration:
        """Take a `RegisterResourceRequest` that came under this URN."""
        flags = [flag for flag in _FLAGS if getattr(request, flag)]
        lists = [
            f"{name}({', '.join(getattr(request, name))})"
            for name in _LISTS
            if getattr(request, name)
        ]
        made = Registration(
            urn=urn,
            engine_urn=_urn(self._engine_urn(request.parent), request.type, request.name, urn),
            custom=bool(request.custom),
            options=(*flags, *lists),
            aliases=frozenset(self._aliases(request, urn)),
        )
        self._by_urn[urn] = made
        return made

    def _engine_urn(self, urn: str) -> str:
        known = self._by_urn.get(urn)
        return known.engine_urn if known else urn

    def _aliases(self, request: Any, urn: str) -> Iterable[str]:
        """As the engine works them out: its own, those of its parent, and both together."""
        parent = self._by_urn.get(request.parent)
        at_home = self._engine_urn(request.parent)
        former_homes = sorted(parent.aliases) if parent else []
        yield from request.aliasURNs
        yield from (
            _inherited(at_home, home, request.type, request.name, urn) for home in former_homes
        )
        for alias in request.aliases:
            if alias.WhichOneof("alias") == "urn":
                yield alias.urn
                continue
            spec = alias.spec
            kind, name = spec.type or request.type, spec.name or request.name
            where = urn.split("::")
            like = "::".join(
                [f"urn:pulumi:{spec.stack}" if spec.stack else where[0], spec.project or where[1]]
            )
            if spec.noParent:
                yield _urn("", kind, name, like)
            elif spec.parentUrn:
                yield _urn(self._engine_urn(spec.parentUrn), kind, name, like)
            else:
                yield _urn(at_home, kind, name, like)
                yield from (_inherited(at_home, home, kind, name, like) for home in former_homes)


def _inherited(at_home: str, home: str, kind: str, name: str, like: str) -> str:
    """The URN of a child under a former URN of its parent; a name that begins with the parent's
    was renamed with it.
    """
    now, then = at_home.rpartition("::")[2], home.rpartition("::")[2]
    if name.startswith(now):
        name = then + name.removeprefix(now)
    return _urn(home, kind, name, like)


def _urn(parent: str, kind: str, name: str, like: str) -> str:
    """The URN of a resource below another, in the stack and project of ``like``."""
    stack, project = like.split("::")[:2]
    above = parent.split("::")[2] if parent else _STACK
    chain = kind if above == _STACK else f"{above}${kind}"
    return "::".join([stack, project, chain, name])
