"""From Pulumi's property names to those of the AWS API, with nothing lost on the way.

A shape says for every property that is understood what the API calls it. A property without an
entry is an error: to leave it out would provision something other than what the program says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Union

from localaws.errors import UnsupportedError

TAGS = frozenset({"tags", "tagsAll"})
"""A resource's own tags, and those together with the provider's default ones."""

Shape = Mapping[str, Union[str, "Nested"]]


@dataclass(frozen=True)
class Nested:
    """A property that holds an object, or a list of objects, with a shape of their own."""

    name: str
    shape: Shape


def rename(shape: Shape, properties: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The request parameters that stand for the properties.

    ``where`` names the resource or property in the error.

    Raises:
        UnsupportedError: for a property that the shape does not have, at any depth.
    """
    request: dict[str, Any] = {}
    for name, value in properties.items():
        if value is None:
            continue
        rule = shape.get(name)
        if rule is None:
            raise UnsupportedError(
                f"{where}: localaws does not know the property {name!r}; it knows "
                f"{', '.join(sorted(shape))}"
            )
        if isinstance(rule, str):
            request[rule] = value
        elif isinstance(value, list):
            request[rule.name] = [
                rename(rule.shape, item, f"{where}.{name}[{index}]")
                for index, item in enumerate(value)
            ]
        else:
            request[rule.name] = rename(rule.shape, value, f"{where}.{name}")
    return request


def told(shape: Shape, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that an answer of the API speaks of; the inverse of `rename`."""
    properties: dict[str, Any] = {}
    for name, rule in shape.items():
        value = answer.get(rule if isinstance(rule, str) else rule.name)
        if value is None:
            continue
        if isinstance(rule, str):
            properties[name] = value
        elif isinstance(value, list):
            properties[name] = [told(rule.shape, item) for item in value]
        else:
            properties[name] = told(rule.shape, value)
    return properties


def request(shape: Shape, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The request parameters for inputs that were checked before; tags go their own way."""
    return rename(shape, {key: inputs[key] for key in inputs if key not in TAGS}, "resource")


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by key, from such a list as S3, IAM and Athena answer with."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def tag_list(properties: Mapping[str, Any]) -> list[dict[str, str]]:
    """All tags of a resource, the provider's default ones included, as S3, IAM and Athena want."""
    return [{"Key": key, "Value": value} for key, value in properties.get("tagsAll", {}).items()]
