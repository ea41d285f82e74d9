"""Log groups of CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_GROUP: Shape = {
    "name": "logGroupName",
    "retentionInDays": "retentionInDays",
    "kmsKeyId": "kmsKeyId",
}


def _find(clients: Clients, name: str) -> dict[str, Any] | None:
    groups = clients("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next((dict(group) for group in groups if group["logGroupName"] == name), None)


def _arn(clients: Clients, name: str) -> str:
    account = clients.account_id
    return f"arn:{clients.partition}:logs:{clients.region}:{account}:log-group:{name}"


def _describe(clients: Clients, name: str, _: Properties) -> Properties | None:
    found = _find(clients, name)
    if found is None:
        return None
    tags = clients("logs").list_tags_for_resource(resourceArn=_arn(clients, name))["tags"]
    return {**told(_GROUP, found), "tagsAll": tags}


def _put(clients: Clients, inputs: Properties) -> Made:
    logs, name = clients("logs"), inputs["name"]
    if _find(clients, name) is None:
        logs.create_log_group(logGroupName=name)
    days, key = inputs.get("retentionInDays"), inputs.get("kmsKeyId")
    # To Pulumi 0 days are for ever, which the API says by having no policy.
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        logs.delete_retention_policy(logGroupName=name)
    if key:
        logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
    else:
        logs.disassociate_kms_key(logGroupName=name)
    arn = _arn(clients, name)
    tags: dict[str, str] = inputs.get("tagsAll", {})
    stale = sorted(set(logs.list_tags_for_resource(resourceArn=arn)["tags"]) - set(tags))
    if stale:
        logs.untag_resource(resourceArn=arn, tagKeys=stale)
    if tags:
        logs.tag_resource(resourceArn=arn, tags=tags)
    return Made(name, {"arn": arn})


def _delete(clients: Clients, name: str, _: Properties) -> None:
    try:
        clients("logs").delete_log_group(logGroupName=name)
    except clients("logs").exceptions.ResourceNotFoundException:
        return


TYPES: dict[str, ResourceType] = {
    "aws:cloudwatch/logGroup:LogGroup": ResourceType(
        shape=_GROUP,
        create=_put,
        describe=_describe,
        update=lambda clients, _, inputs: _put(clients, inputs),
        delete=_delete,
        replace_on=frozenset({"name"}),
        # For ever, which the API says by having no policy.
        defaults={"retentionInDays": 0},
        found=lambda clients, name: Made(name, {"arn": _arn(clients, name)}),
        taggable=True,
    ),
}
