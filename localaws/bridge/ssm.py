"""Parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, request, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_PARAMETER: Shape = {
    "name": "Name",
    "description": "Description",
    "type": "Type",
    "value": "Value",
    "tier": "Tier",
}


def _put(clients: Clients, inputs: Properties) -> Made:
    ssm, name = clients("ssm"), inputs["name"]
    stored = ssm.put_parameter(**request(_PARAMETER, inputs), Overwrite=True)
    tags: dict[str, Any] = inputs.get("tagsAll", {})
    where = {"ResourceType": "Parameter", "ResourceId": name}
    old = {tag["Key"] for tag in ssm.list_tags_for_resource(**where)["TagList"]}
    stale = sorted(old - set(tags))
    if stale:
        ssm.remove_tags_from_resource(**where, TagKeys=stale)
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        ssm.add_tags_to_resource(**where, Tags=pairs)
    path = name if name.startswith("/") else f"/{name}"
    arn = f"arn:{clients.partition}:ssm:{clients.region}:{clients.account_id}:parameter{path}"
    return Made(name, {"arn": arn, "version": stored["Version"]})


def _describe(clients: Clients, name: str, _: Properties) -> Properties | None:
    ssm = clients("ssm")
    try:
        found = ssm.get_parameter(Name=name)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return None
    # One call tells the value, another what is said about it, a third the tags.
    wanted = [{"Key": "Name", "Values": [name]}]
    (more,) = ssm.describe_parameters(ParameterFilters=wanted)["Parameters"]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    return {**told(_PARAMETER, {**more, **found}), "tagsAll": tag_map(tags)}


def _delete(clients: Clients, name: str, _: Properties) -> None:
    try:
        clients("ssm").delete_parameter(Name=name)
    except clients("ssm").exceptions.ParameterNotFound:
        return


TYPES: dict[str, ResourceType] = {
    "aws:ssm/parameter:Parameter": ResourceType(
        shape=_PARAMETER,
        create=_put,
        describe=_describe,
        update=lambda clients, _, inputs: _put(clients, inputs),
        delete=_delete,
        replace_on=frozenset({"name"}),
        defaults={"tier": "Standard"},
        taggable=True,
    ),
}
