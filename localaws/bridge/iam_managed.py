"""Managed policies, their attachment to roles, and identity providers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from localaws.bridge.iam import is_missing
from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_POLICY: Shape = {
    "name": "PolicyName",
    "path": "Path",
    "description": "Description",
    "policy": "PolicyDocument",
}
_ATTACHMENT: Shape = {"role": "RoleName", "policyArn": "PolicyArn"}
_PROVIDER: Shape = {
    "url": "Url",
    "clientIdLists": "ClientIDList",
    "thumbprintLists": "ThumbprintList",
}
_VERSIONS = 5
"""Versions that IAM keeps of a policy, at most ("IAM and AWS STS quotas")."""
_SCHEME = "https://"


def _create_policy(clients: Clients, inputs: Properties) -> Made:
    iam = clients("iam")
    try:
        made = iam.create_policy(**request(_POLICY, inputs), Tags=tag_list(inputs))
    except iam.exceptions.EntityAlreadyExistsException:
        place = f"{inputs.get('path', '/')}{inputs['name']}"
        arn = f"arn:aws:iam::{clients.account_id}:policy{place}"
        return _update_policy(clients, arn, inputs)
    return _policy(clients, made["Policy"]["Arn"])


def _update_policy(clients: Clients, arn: str, inputs: Properties) -> Made:
    iam = clients("iam")
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    others = sorted(
        (one for one in versions if not one["IsDefaultVersion"]), key=lambda one: one["CreateDate"]
    )
    if len(versions) >= _VERSIONS:
        iam.delete_policy_version(PolicyArn=arn, VersionId=others[0]["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=inputs["policy"], SetAsDefault=True)
    tags = tag_list(inputs)
    old = {tag["Key"] for tag in iam.list_policy_tags(PolicyArn=arn)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        iam.untag_policy(PolicyArn=arn, TagKeys=stale)
    if tags:
        iam.tag_policy(PolicyArn=arn, Tags=tags)
    return _policy(clients, arn)


def _policy(clients: Clients, arn: str) -> Made:
    found = clients("iam").get_policy(PolicyArn=arn)["Policy"]
    return Made(
        arn,
        {
            "arn": arn,
            "policyId": found["PolicyId"],
            "name": found["PolicyName"],
            "path": found["Path"],
        },
    )


def _describe_policy(clients: Clients, arn: str, _: Properties) -> Properties | None:
    iam = clients("iam")
    try:
        found = iam.get_policy(PolicyArn=arn)["Policy"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
    return {
        **told(_POLICY, found),
        "policy": json.dumps(version["PolicyVersion"]["Document"]),
        "tagsAll": tag_map(iam.list_policy_tags(PolicyArn=arn)["Tags"]),
    }


def _delete_policy(clients: Clients, arn: str, _: Properties) -> None:
    iam = clients("iam")
    try:
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)
    except ClientError as error:
        if not is_missing(error):
            raise


def _attach(clients: Clients, inputs: Properties) -> Made:
    clients("iam").attach_role_policy(**request(_ATTACHMENT, inputs))
    return Made(f"{inputs['role']}/{inputs['policyArn']}", {})


def _describe_attachment(clients: Clients, identifier: str, _: Properties) -> Properties | None:
    role, arn = identifier.split("/", 1)
    pages = clients("iam").get_paginator("list_attached_role_policies")
    try:
        listed = [one for page in pages.paginate(RoleName=role) for one in page["AttachedPolicies"]]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    is_there = any(one["PolicyArn"] == arn for one in listed)
    return {"role": role, "policyArn": arn} if is_there else None


def _detach(clients: Clients, identifier: str, _: Properties) -> None:
    role, arn = identifier.split("/", 1)
    try:
        clients("iam").detach_role_policy(RoleName=role, PolicyArn=arn)
    except ClientError as error:
        if not is_missing(error):
            raise


def _create_provider(clients: Clients, inputs: Properties) -> Made:
    iam = clients("iam")
    try:
        made = iam.create_open_id_connect_provider(
            **request(_PROVIDER, inputs), Tags=tag_list(inputs)
        )
    except iam.exceptions.EntityAlreadyExistsException:
        host = inputs["url"].removeprefix(_SCHEME)
        arn = f"arn:aws:iam::{clients.account_id}:oidc-provider/{host}"
        return _update_provider(clients, arn, inputs)
    return _provider(made["OpenIDConnectProviderArn"])


def _update_provider(clients: Clients, arn: str, inputs: Properties) -> Made:
    iam = clients("iam")
    one = {"OpenIDConnectProviderArn": arn}
    found = iam.get_open_id_connect_provider(**one)
    for client in sorted(set(inputs["clientIdLists"]) - set(found["ClientIDList"])):
        iam.add_client_id_to_open_id_connect_provider(**one, ClientID=client)
    for client in sorted(set(found["ClientIDList"]) - set(inputs["clientIdLists"])):
        iam.remove_client_id_from_open_id_connect_provider(**one, ClientID=client)
    tags = tag_list(inputs)
    stale = sorted(tag_map(found["Tags"]).keys() - tag_map(tags).keys())
    if stale:
        iam.untag_open_id_connect_provider(**one, TagKeys=stale)
    if tags:
        iam.tag_open_id_connect_provider(**one, Tags=tags)
    return _provider(arn)


def _provider(arn: str) -> Made:
    return Made(arn, {"arn": arn})


def _describe_provider(clients: Clients, arn: str, _: Properties) -> Properties | None:
    iam = clients("iam")
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    # IAM tells the address without the scheme that it was given with.
    address = _SCHEME + found["Url"].removeprefix(_SCHEME)
    return {**told(_PROVIDER, found), "url": address, "tagsAll": tag_map(found["Tags"])}


TYPES: dict[str, ResourceType] = {
    "aws:iam/policy:Policy": ResourceType(
        shape=_POLICY,
        create=_create_policy,
        describe=_describe_policy,
        update=_update_policy,
        delete=_delete_policy,
        replace_on=frozenset({"name", "path", "description"}),
        defaults={"path": "/"},
        found=_policy,
        taggable=True,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ResourceType(
        shape=_ATTACHMENT,
        create=_attach,
        describe=_describe_attachment,
        update=None,
        delete=_detach,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ResourceType(
        shape=_PROVIDER,
        create=_create_provider,
        describe=_describe_provider,
        update=_update_provider,
        delete=lambda clients, arn, _: clients("iam").delete_open_id_connect_provider(
            OpenIDConnectProviderArn=arn
        ),
        replace_on=frozenset({"url"}),
        unordered=frozenset({"clientIdLists"}),
        computed=frozenset({"thumbprintLists"}),
        found=lambda _, arn: _provider(arn),
        taggable=True,
    ),
}
