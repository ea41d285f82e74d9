"""Declared resources and how they hang together: what every check looks at."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

UNKNOWN = "<known after deployment>"
"""Stands for a value that a preview cannot know."""

TRIALS = frozenset({"dev", "local", "smoke"})
"""Environments whose data anybody can do without, by the tag ``Environment``."""
ENVIRONMENTS = TRIALS | {"prod"}

_ARN = re.compile(r"arn:(aws[a-z-]*):[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")


def as_document(value: Any) -> Mapping[str, Any] | None:
    """The policy document in a value, which may be JSON text; None while it is unknown."""
    if not value or value == UNKNOWN:
        return None
    parsed: Mapping[str, Any] = json.loads(value) if isinstance(value, str) else value
    return parsed


@dataclass(frozen=True)
class Resource:
    """One resource as the program declares it, its properties under Pulumi's names."""

    type: str
    """Pulumi's token, such as ``aws:s3/bucket:Bucket``."""
    name: str
    """The logical name."""
    properties: Mapping[str, Any]
    urn: str = ""
    id: str = ""
    arn: str = ""
    references: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Property -> URNs of the resources that its value comes from, where Pulumi tells."""

    def get(self, path: str) -> Any:
        """The value at a dotted path; a list stands for its first item; None where nothing is."""
        value: Any = self.properties
        for step in path.split("."):
            while isinstance(value, list | tuple):
                value = value[0] if value else None
            if not isinstance(value, Mapping):
                return None
            value = value.get(step)
        return value

    def document(self, name: str) -> Mapping[str, Any] | None:
        """The policy document in a property, which may be JSON text; None while it is unknown."""
        return as_document(self.properties.get(name))

    @property
    def identities(self) -> set[str]:
        """What other resources may call it."""
        named = (self.properties.get(key) for key in ("bucket", "name"))
        return {str(one) for one in (self.id, self.arn, *named) if one and one != UNKNOWN}

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Stack:
    """All resources of one stack, with the tags that its provider adds to each."""

    resources: tuple[Resource, ...]
    default_tags: Mapping[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Resource]:
        """The resources of these types; the leading ``aws:`` is left out."""
        tokens = {f"aws:{kind}" for kind in kinds}
        return [resource for resource in self.resources if resource.type in tokens]

    def pointing(self, kind: str, name: str, target: Resource) -> list[Resource]:
        """The resources of a type whose property names the target, alone or in a list."""
        return [source for source in self.of(kind) if self.refers(source, name, target)]

    @staticmethod
    def refers(source: Resource, path: str, target: Resource) -> bool:
        """Whether the value at a path of a resource is, or holds, the target."""
        if target.urn and target.urn in source.references.get(path.partition(".")[0], ()):
            return True
        value = source.get(path)
        values = value if isinstance(value, list | tuple) else [value]
        return any(isinstance(one, str) and one in target.identities for one in values)

    @property
    def production(self) -> bool:
        """Whether the stricter limits hold: they do, unless the tag ``Environment`` names one of
        the environments that need them not, so that a missing or mistyped tag frees nobody.
        """
        return self.default_tags.get("Environment") not in TRIALS

    @cached_property
    def _home(self) -> tuple[str, str]:
        """The partition and account of most of the ARNs that are declared."""
        text = json.dumps([dict(resource.properties) for resource in self.resources], default=str)
        arns = Counter((match[1], match[2]) for match in _ARN.finditer(text))
        return max(arns, key=arns.__getitem__, default=("aws", ""))

    @property
    def partition(self) -> str:
        """The partition, such as ``aws``."""
        return self._home[0]

    @property
    def account(self) -> str:
        """The account that the stack belongs to; empty while no ARN is known."""
        return self._home[1]


Problem = tuple[Resource, str]
"""What is wrong, and with what."""


@dataclass(frozen=True)
class Rule:
    """One line of the rule book, with the names that others give it."""

    line: int
    """Its number in docs/security.md."""
    name: str
    ids: tuple[str, ...]
    """The identifiers of Checkov (CKV), Security Hub (FSBP), cdk-nag (AwsSolutions) or our own."""
    says: str
    check: Callable[[Stack], Iterable[Problem]]

    def findings(self, stack: Stack) -> Iterator[Finding]:
        """Everything in the stack that breaks the rule."""
        for resource, message in self.check(stack):
            yield Finding(self, resource, message)


@dataclass(frozen=True)
class Finding:
    """One resource that breaks one rule."""

    rule: Rule
    resource: Resource
    message: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.message} [{self.rule.name}: {', '.join(self.rule.ids)}]"


def rule(line: int, *ids: str) -> Callable[[Callable[[Stack], Iterable[Problem]]], Rule]:
    """Make a function into a rule; its name and docstring become those of the rule."""

    def made(check: Callable[[Stack], Iterable[Problem]]) -> Rule:
        name = check.__name__.replace("_", "-")
        says = " ".join((check.__doc__ or "").split())
        return Rule(line=line, name=name, ids=ids, says=says, check=check)

    return made
