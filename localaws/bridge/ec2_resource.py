"""What all resources of EC2 have in common.

EC2 gives ids and mostly takes no names: what a provisioning that was killed left behind is found
again by all the properties in which two resources must differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from localaws.bridge.clients import Clients
from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, tag_list, tag_map, told

Found = dict[str, Any] | None
Describe = Callable[[Clients, str, Properties], Found]


def ec2_type(
    shape: Shape,
    *,
    create: Callable[[Clients, Properties], str],
    describe: Describe,
    present: Callable[[Clients, Properties], str | None],
    delete: Callable[[Clients, str, Properties], Any],
    inputs_of: Callable[[Clients, dict[str, Any]], Properties] | None = None,
    outputs: Callable[[Clients, dict[str, Any]], dict[str, Any]] = lambda *_: {},
    settle: Callable[[Clients, dict[str, Any], Properties], Any] | None = None,
    replace_on: Iterable[str] = (),
    unordered: Iterable[str] = (),
    defaults: Mapping[str, Any] | None = None,
    taggable: bool = True,
) -> ResourceType:
    """A type of resource that is known by its id.

    Args:
        shape: the inputs that are understood.
        create: makes it, without tags; its id.
        describe: what EC2 tells about it by its id and inputs; None when it is not there.
        present: the id of what is there already and is the same by these inputs.
        delete: removes it by its id and inputs.
        inputs_of: its inputs, from its description, where that names them otherwise than the call
            that makes it.
        outputs: what it has beside its inputs, from its description.
        settle: brings what can be changed, from its description, to these inputs.
        replace_on: the inputs that cannot be changed.
        unordered: the inputs whose order means nothing.
        defaults: what EC2 fills in by itself.
        taggable: whether it carries tags.
    """

    def made(clients: Clients, identifier: str, inputs: Properties) -> Made:
        found = describe(clients, identifier, inputs)
        if found is None:
            raise ClientError(
                {"Error": {"Code": "NotFound", "Message": f"{identifier} is gone"}}, "Describe"
            )
        if settle is not None:
            settle(clients, found, inputs)
        if taggable:
            _retag(clients, identifier, found, inputs)
        return Made(identifier, outputs(clients, found))

    def make(clients: Clients, inputs: Properties) -> Made:
        identifier = present(clients, inputs) or create(clients, inputs)
        return made(clients, identifier, inputs)

    def remove(clients: Clients, identifier: str, inputs: Properties) -> None:
        if describe(clients, identifier, inputs) is not None:
            delete(clients, identifier, inputs)

    def tell(clients: Clients, identifier: str, inputs: Properties) -> Properties | None:
        found = describe(clients, identifier, inputs)
        if found is None:
            return None
        properties = told(shape, found) if inputs_of is None else inputs_of(clients, found)
        return {**properties, **({"tagsAll": tag_map(found.get("Tags", []))} if taggable else {})}

    return ResourceType(
        shape=shape,
        create=make,
        describe=tell,
        update=made,
        delete=remove,
        replace_on=frozenset(replace_on),
        unordered=frozenset(unordered),
        defaults=defaults or {},
        taggable=taggable,
    )


def first(clients: Clients, operation: str, **parameters: Any) -> Found:
    """The first thing that a Describe call finds; None when the id that it asks for is gone."""
    try:
        reply = getattr(clients("ec2"), operation)(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"].endswith(".NotFound"):
            return None
        raise
    lists = [value for key, value in reply.items() if key != "ResponseMetadata"]
    things: list[dict[str, Any]] = next((each for each in lists if isinstance(each, list)), [])
    return next((thing for thing in things if thing.get("State") != "deleted"), None)


def filters(**wanted: str) -> list[dict[str, Any]]:
    """EC2's spelling of what a thing has to be, with underscores for dashes."""
    return [{"Name": key.replace("_", "-"), "Values": [wanted[key]]} for key in wanted]


def by_tags(inputs: Properties) -> list[dict[str, Any]]:
    """The filters for all tags of a resource."""
    return [{"Name": f"tag:{tag['Key']}", "Values": [tag["Value"]]} for tag in tag_list(inputs)]


def arn(clients: Clients, kind: str, identifier: str) -> str:
    """The ARN of a resource of EC2."""
    account = clients.account_id
    return f"arn:{clients.partition}:ec2:{clients.region}:{account}:{kind}/{identifier}"


def _retag(clients: Clients, identifier: str, found: dict[str, Any], inputs: Properties) -> None:
    ec2, tags = clients("ec2"), tag_list(inputs)
    kept = {tag["Key"] for tag in tags}
    stale = [{"Key": tag["Key"]} for tag in found.get("Tags", []) if tag["Key"] not in kept]
    if stale:
        ec2.delete_tags(Resources=[identifier], Tags=stale)
    if tags:
        ec2.create_tags(Resources=[identifier], Tags=tags)
