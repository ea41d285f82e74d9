"""What AWS tells about a resource, in the terms in which the program asked for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.bridge.resources import resource_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

UNREADABLE: Mapping[str, Mapping[str, str]] = {
    "aws:athena/workgroup:Workgroup": {
        "forceDestroy": "an instruction to whoever deletes it, which AWS is never told",
    },
    "aws:glue/trigger:Trigger": {
        "startOnCreation": "counts while the trigger is made; from then on it is enabled or not",
    },
    "aws:kms/key:Key": {
        "deletionWindowInDays": "AWS is told when the key is deleted, not before",
    },
    "aws:s3/bucket:Bucket": {
        "forceDestroy": "an instruction to whoever deletes it, which AWS is never told",
    },
}
"""Type -> input that no call of AWS answers with -> why. Such an input counts as unchanged."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_OFF: tuple[Any, ...] = (*_EMPTY, False)
"""What AWS tells inside an object of something that was not asked for, and is not in force."""


def described(
    clients: Clients, token: str, identifier: str, inputs: Properties
) -> dict[str, Any] | None:
    """The inputs of a resource as they are on AWS, as `as_asked`; None when it is not there.

    Raises:
        UnsupportedError: for a type that the bridge does not know.
    """
    found = describe(clients, token, identifier, inputs)
    return None if found is None else as_asked(token, inputs, found)


def describe(
    clients: Clients, token: str, identifier: str, inputs: Properties
) -> Properties | None:
    """What AWS tells of a resource, by its id and the inputs that it is known by."""
    kind = resource_type(token)
    known_by = {name: inputs[name] for name in kind.replace_on if name in inputs}
    return kind.describe(clients, identifier, known_by)


def as_asked(token: str, inputs: Properties, found: Properties) -> dict[str, Any]:
    """What AWS tells, in the terms of the inputs, so that equal values mean no difference.

    Where AWS tells the same in another form (a policy with other spaces, a list in another order),
    the program's form comes back. What AWS has beyond the inputs comes too, unless it is what AWS
    fills in by itself.
    """
    kind = resource_type(token)
    unreadable = UNREADABLE.get(token, {}).keys()
    readable = {
        name: _value(kind, name, inputs, found)
        for name in (inputs.keys() | found.keys()) - unreadable
    }
    return {
        **{name: inputs[name] for name in inputs.keys() & unreadable},
        **{name: value for name, value in readable.items() if value is not None},
    }


def _value(kind: ResourceType, name: str, inputs: Properties, found: Properties) -> Any:
    """One input as it is on AWS; None for none."""
    wanted = inputs.get(name)
    if name == "tags":
        there = found.get("tagsAll", {})
        return {key: there[key] for key in wanted or {} if key in there}
    default = kind.defaults.get(name)
    value = found.get(name)
    if value in _EMPTY:
        value = default
    if name not in inputs:
        stays = name in kind.computed or value == default or value in _EMPTY
        return None if stays else value
    if value in _EMPTY and wanted in _EMPTY:
        return wanted
    return wanted if _same(wanted, value, unordered=name in kind.unordered) else value


def _same(wanted: Any, found: Any, *, unordered: bool = False) -> bool:
    """Whether two values mean the same."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        names = wanted.keys() | {name for name in found if found[name] not in _OFF}
        return all(_same(wanted.get(name), found.get(name)) for name in names)
    if isinstance(wanted, list) and isinstance(found, list):
        if unordered:
            wanted, found = sorted(wanted), sorted(found)
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted == found or (_json(wanted) is not None and _json(wanted) == _json(found))
    return bool(wanted == found)


def _json(text: str) -> Any:
    """The object that a text holds as JSON; None when it holds none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
