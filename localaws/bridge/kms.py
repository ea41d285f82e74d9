"""Keys and their aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_KEY: Shape = {
    "description": "Description",
    "policy": "Policy",
    "multiRegion": "MultiRegion",
    "enableKeyRotation": "EnableKeyRotation",
    "deletionWindowInDays": "PendingWindowInDays",
}
_ALIAS: Shape = {"name": "AliasName", "targetKeyId": "TargetKeyId"}
_DEFAULT_WINDOW_DAYS = 30


def _is_missing(error: ClientError) -> bool:
    return bool(error.response["Error"]["Code"] == "NotFoundException")


def _tags(inputs: Properties) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in inputs.get("tagsAll", {}).items()]


def _create_key(clients: Clients, inputs: Properties) -> Made:
    # A key has no name: one that a killed provisioning left behind is not found again.
    parameters = request(_KEY, inputs)
    for later in ("EnableKeyRotation", "PendingWindowInDays"):
        parameters.pop(later, None)
    made = clients("kms").create_key(**parameters, Tags=_tags(inputs))["KeyMetadata"]
    _rotate(clients, made["KeyId"], inputs)
    return _key(clients, made["KeyId"])


def _rotate(clients: Clients, key: str, inputs: Properties) -> None:
    kms = clients("kms")
    change = (
        kms.enable_key_rotation if inputs.get("enableKeyRotation") else kms.disable_key_rotation
    )
    change(KeyId=key)


def _key(clients: Clients, key: str) -> Made:
    arn = f"arn:{clients.partition}:kms:{clients.region}:{clients.account_id}:key/{key}"
    return Made(key, {"arn": arn, "keyId": key})


def _key_exists(clients: Clients, key: str, _: Properties) -> bool:
    try:
        state = clients("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        if _is_missing(error):
            return False
        raise
    return bool(state != "PendingDeletion")


def _describe_key(clients: Clients, key: str, _: Properties) -> Properties | None:
    if not _key_exists(clients, key, {}):
        return None
    kms = clients("kms")
    tags = kms.list_resource_tags(KeyId=key)["Tags"]
    return {
        **told(_KEY, kms.describe_key(KeyId=key)["KeyMetadata"]),
        "policy": kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
        "enableKeyRotation": kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        "tagsAll": {tag["TagKey"]: tag["TagValue"] for tag in tags},
    }


def _update_key(clients: Clients, key: str, inputs: Properties) -> Made:
    kms = clients("kms")
    kms.update_key_description(KeyId=key, Description=inputs.get("description", ""))
    if "policy" in inputs:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=inputs["policy"])
    _rotate(clients, key, inputs)
    tags = _tags(inputs)
    old = {tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
    stale = sorted(old - {tag["TagKey"] for tag in tags})
    if stale:
        kms.untag_resource(KeyId=key, TagKeys=stale)
    if tags:
        kms.tag_resource(KeyId=key, Tags=tags)
    return _key(clients, key)


def _delete_key(clients: Clients, key: str, inputs: Properties) -> None:
    if _key_exists(clients, key, inputs):
        days: Any = inputs.get("deletionWindowInDays", _DEFAULT_WINDOW_DAYS)
        clients("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=days)


def _put_alias(clients: Clients, inputs: Properties) -> Made:
    kms, name, key = clients("kms"), inputs["name"], inputs["targetKeyId"]
    is_new = _describe_alias(clients, name, inputs) is None
    change = kms.create_alias if is_new else kms.update_alias
    change(AliasName=name, TargetKeyId=key)
    return _alias(clients, name, key)


def _alias(clients: Clients, name: str, key: str) -> Made:
    arn = f"arn:{clients.partition}:kms:{clients.region}:{clients.account_id}"
    return Made(name, {"arn": f"{arn}:{name}", "targetKeyArn": f"{arn}:key/{key}"})


def _found_alias(clients: Clients, name: str) -> Made:
    there = _describe_alias(clients, name, {}) or {}
    return _alias(clients, name, there.get("targetKeyId", ""))


def _describe_alias(clients: Clients, name: str, _: Properties) -> Properties | None:
    pages = clients("kms").get_paginator("list_aliases").paginate()
    listed = (alias for page in pages for alias in page["Aliases"])
    return next((told(_ALIAS, alias) for alias in listed if alias["AliasName"] == name), None)


def _delete_alias(clients: Clients, name: str, inputs: Properties) -> None:
    if _describe_alias(clients, name, inputs) is not None:
        clients("kms").delete_alias(AliasName=name)


TYPES: dict[str, ResourceType] = {
    "aws:kms/key:Key": ResourceType(
        shape=_KEY,
        create=_create_key,
        describe=_describe_key,
        update=_update_key,
        delete=_delete_key,
        replace_on=frozenset({"multiRegion"}),
        defaults={"multiRegion": False, "enableKeyRotation": False},
        found=_key,
        taggable=True,
    ),
    "aws:kms/alias:Alias": ResourceType(
        shape=_ALIAS,
        create=_put_alias,
        describe=_describe_alias,
        update=lambda clients, _, inputs: _put_alias(clients, inputs),
        delete=_delete_alias,
        replace_on=frozenset({"name"}),
        found=_found_alias,
    ),
}
