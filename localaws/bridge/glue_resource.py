"""What all resources of Glue have in common: a name, an ARN with it, tags under that ARN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.bridge.clients import Clients
from localaws.bridge.resource_type import Made, Properties, ResourceType

if TYPE_CHECKING:
    from localaws.bridge.shapes import Shape

Call = Callable[[Clients, str, Properties], Any]


def glue_resource(
    kind: str,
    shape: Shape,
    *,
    create: Callable[[Clients, Properties], Any],
    describe: Callable[[Clients, str], Properties],
    update: Call,
    delete: Callable[[Clients, str], Any],
    identifier: Callable[[str, str], str] = lambda _, name: name,
    replace_on: frozenset[str] = frozenset({"name"}),
    defaults: Mapping[str, Any] | None = None,
    computed: frozenset[str] = frozenset(),
) -> ResourceType:
    """A Glue resource: found by its name, tagged by its ARN, kept with the account in its ARN.

    Args:
        kind: what its ARN calls it.
        shape: the inputs that are understood.
        create: makes it; Glue refuses where the name is taken.
        describe: what Glue tells about it by its name, as inputs, without tags.
        update: brings what is there, by its name, to the inputs.
        delete: removes it by its name.
        identifier: its id to Pulumi, from account and name.
        replace_on: the inputs that cannot be changed.
        defaults: what Glue fills in by itself.
        computed: the inputs that stay as they are where none is given.
    """

    def arn(clients: Clients, name: str) -> str:
        account = clients.account_id
        return f"arn:{clients.partition}:glue:{clients.region}:{account}:{kind}/{name}"

    def made(clients: Clients, name: str) -> Made:
        account = clients.account_id
        return Made(identifier(account, name), {"arn": arn(clients, name), "catalogId": account})

    def make(clients: Clients, inputs: Properties) -> Made:
        try:
            create(clients, inputs)
        except clients("glue").exceptions.AlreadyExistsException:
            return change(clients, inputs["name"], inputs)
        return made(clients, inputs["name"])

    def find(clients: Clients, _: str, inputs: Properties) -> Properties | None:
        name, glue = inputs["name"], clients("glue")
        try:
            found = describe(clients, name)
        except glue.exceptions.EntityNotFoundException:
            return None
        return {**found, "tagsAll": glue.get_tags(ResourceArn=arn(clients, name))["Tags"]}

    def change(clients: Clients, _: str, inputs: Properties) -> Made:
        name = inputs["name"]
        update(clients, name, inputs)
        _retag(clients, arn(clients, name), inputs.get("tagsAll", {}))
        return made(clients, name)

    def remove(clients: Clients, _: str, inputs: Properties) -> None:
        try:
            delete(clients, inputs["name"])
        except clients("glue").exceptions.EntityNotFoundException:
            return

    return ResourceType(
        shape=shape,
        create=make,
        describe=find,
        update=change,
        delete=remove,
        replace_on=replace_on,
        defaults=defaults or {},
        computed=computed,
        taggable=True,
    )


def _retag(clients: Clients, arn: str, tags: dict[str, str]) -> None:
    glue = clients("glue")
    stale = sorted(set(glue.get_tags(ResourceArn=arn)["Tags"]) - set(tags))
    if stale:
        glue.untag_resource(ResourceArn=arn, TagsToRemove=stale)
    if tags:
        glue.tag_resource(ResourceArn=arn, TagsToAdd=tags)
