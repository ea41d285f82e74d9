"""Roles and the policies inside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_ROLE: Shape = {
    "name": "RoleName",
    "path": "Path",
    "description": "Description",
    "assumeRolePolicy": "AssumeRolePolicyDocument",
    "maxSessionDuration": "MaxSessionDuration",
    "permissionsBoundary": "PermissionsBoundary",
}
_DEFAULT_SESSION_SECONDS = 3600
_ROLE_POLICY: Shape = {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"}


def is_missing(error: ClientError) -> bool:
    """Whether IAM says that what was asked for is not there."""
    return bool(error.response["Error"]["Code"] == "NoSuchEntity")


def _create_role(clients: Clients, inputs: Properties) -> Made:
    try:
        clients("iam").create_role(**request(_ROLE, inputs), Tags=tag_list(inputs))
    except clients("iam").exceptions.EntityAlreadyExistsException:
        return _update_role(clients, inputs["name"], inputs)
    return _role(clients, inputs["name"])


def _update_role(clients: Clients, name: str, inputs: Properties) -> Made:
    iam = clients("iam")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=inputs["assumeRolePolicy"])
    iam.update_role(
        RoleName=name,
        Description=inputs.get("description", ""),
        MaxSessionDuration=inputs.get("maxSessionDuration", _DEFAULT_SESSION_SECONDS),
    )
    boundary = inputs.get("permissionsBoundary")
    if boundary is not None:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    elif "PermissionsBoundary" in iam.get_role(RoleName=name)["Role"]:
        iam.delete_role_permissions_boundary(RoleName=name)
    tags = tag_list(inputs)
    old = {tag["Key"] for tag in iam.list_role_tags(RoleName=name)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        iam.untag_role(RoleName=name, TagKeys=stale)
    if tags:
        iam.tag_role(RoleName=name, Tags=tags)
    return _role(clients, name)


def _role(clients: Clients, name: str) -> Made:
    role = clients("iam").get_role(RoleName=name)["Role"]
    return Made(
        name, {"arn": role["Arn"], "uniqueId": role["RoleId"], "path": role["Path"], "name": name}
    )


def _describe_role(clients: Clients, name: str, _: Properties) -> Properties | None:
    iam = clients("iam")
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return {
        **told(_ROLE, found),
        "assumeRolePolicy": json.dumps(found["AssumeRolePolicyDocument"]),
        "permissionsBoundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tagsAll": tag_map(iam.list_role_tags(RoleName=name)["Tags"]),
    }


def _delete_role(clients: Clients, name: str, _: Properties) -> None:
    try:
        clients("iam").delete_role(RoleName=name)
    except ClientError as error:
        if not is_missing(error):
            raise


def _put_policy(clients: Clients, inputs: Properties) -> Made:
    role, name = inputs["role"], inputs["name"]
    clients("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])
    return Made(f"{role}:{name}", {})


def _describe_policy(clients: Clients, identifier: str, __: Properties) -> Properties | None:
    role, _, name = identifier.partition(":")
    try:
        found = clients("iam").get_role_policy(RoleName=role, PolicyName=name)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return {**told(_ROLE_POLICY, found), "policy": json.dumps(found["PolicyDocument"])}


def _delete_policy(clients: Clients, identifier: str, __: Properties) -> None:
    role, _, name = identifier.partition(":")
    try:
        clients("iam").delete_role_policy(RoleName=role, PolicyName=name)
    except ClientError as error:
        if not is_missing(error):
            raise


TYPES: dict[str, ResourceType] = {
    "aws:iam/role:Role": ResourceType(
        shape=_ROLE,
        create=_create_role,
        describe=_describe_role,
        update=_update_role,
        delete=_delete_role,
        replace_on=frozenset({"name", "path"}),
        defaults={"maxSessionDuration": _DEFAULT_SESSION_SECONDS, "path": "/"},
        found=_role,
        taggable=True,
    ),
    "aws:iam/rolePolicy:RolePolicy": ResourceType(
        shape=_ROLE_POLICY,
        create=_put_policy,
        describe=_describe_policy,
        update=lambda clients, _, inputs: _put_policy(clients, inputs),
        delete=_delete_policy,
        replace_on=frozenset({"name", "role"}),
    ),
}
