"""Workgroups and named queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_CONFIGURATION: Shape = {
    "enforceWorkgroupConfiguration": "EnforceWorkGroupConfiguration",
    "publishCloudwatchMetricsEnabled": "PublishCloudWatchMetricsEnabled",
    "bytesScannedCutoffPerQuery": "BytesScannedCutoffPerQuery",
    "requesterPaysEnabled": "RequesterPaysEnabled",
    "engineVersion": Nested("EngineVersion", {"selectedEngineVersion": "SelectedEngineVersion"}),
    "resultConfiguration": Nested(
        "ResultConfiguration",
        {
            "outputLocation": "OutputLocation",
            "expectedBucketOwner": "ExpectedBucketOwner",
            "encryptionConfiguration": Nested(
                "EncryptionConfiguration",
                {"encryptionOption": "EncryptionOption", "kmsKeyArn": "KmsKey"},
            ),
        },
    ),
}

_WORKGROUP: Shape = {
    "name": "Name",
    "description": "Description",
    "configuration": Nested("Configuration", _CONFIGURATION),
    "forceDestroy": "ForceDestroy",
    "state": "State",
}

_NAMED_QUERY: Shape = {
    "name": "Name",
    "description": "Description",
    "workgroup": "WorkGroup",
    "database": "Database",
    "query": "QueryString",
}


def _workgroup_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_WORKGROUP, inputs)
    parameters.pop("ForceDestroy", None)
    return parameters


def _workgroup(clients: Clients, name: str) -> Made:
    account = clients.account_id
    arn = f"arn:{clients.partition}:athena:{clients.region}:{account}:workgroup/{name}"
    return Made(name, {"arn": arn})


def _create_workgroup(clients: Clients, inputs: Properties) -> Made:
    name = inputs["name"]
    if _workgroup_exists(clients, name, inputs):
        return _update_workgroup(clients, name, inputs)
    parameters = _workgroup_request(inputs)
    state = parameters.pop("State", None)
    clients("athena").create_work_group(**parameters, Tags=tag_list(inputs))
    if state is not None:
        clients("athena").update_work_group(WorkGroup=name, State=state)
    return _workgroup(clients, name)


def _workgroup_exists(clients: Clients, name: str, _: Properties) -> bool:
    try:
        found = clients("athena").get_work_group(WorkGroup=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            return False
        raise
    return bool(found.get("WorkGroup"))


def _describe_workgroup(clients: Clients, name: str, _: Properties) -> Properties | None:
    if not _workgroup_exists(clients, name, {}):
        return None
    athena = clients("athena")
    arn = _workgroup(clients, name).outputs["arn"]
    tags = tag_map(athena.list_tags_for_resource(ResourceARN=arn)["Tags"])
    found = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    return {**told(_WORKGROUP, found), "tagsAll": tags}


def _update_workgroup(clients: Clients, name: str, inputs: Properties) -> Made:
    parameters = _workgroup_request(inputs)
    configuration = dict(parameters.get("Configuration", {}))
    if "ResultConfiguration" in configuration:
        configuration["ResultConfigurationUpdates"] = configuration.pop("ResultConfiguration")
    clients("athena").update_work_group(
        WorkGroup=name,
        Description=parameters.get("Description", ""),
        ConfigurationUpdates=configuration,
        State=parameters.get("State", "ENABLED"),
    )
    made = _workgroup(clients, name)
    athena, arn, tags = clients("athena"), made.outputs["arn"], tag_list(inputs)
    old = {tag["Key"] for tag in athena.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        athena.untag_resource(ResourceARN=arn, TagKeys=stale)
    if tags:
        athena.tag_resource(ResourceARN=arn, Tags=tags)
    return made


def _delete_workgroup(clients: Clients, name: str, inputs: Properties) -> None:
    if _workgroup_exists(clients, name, inputs):
        clients("athena").delete_work_group(
            WorkGroup=name, RecursiveDeleteOption=bool(inputs.get("forceDestroy"))
        )


def _create_named_query(clients: Clients, inputs: Properties) -> Made:
    # Ids are random: a query of this name in the workgroup is what a killed provisioning left.
    athena, workgroup = clients("athena"), inputs["workgroup"]
    for identifier in athena.list_named_queries(WorkGroup=workgroup)["NamedQueryIds"]:
        found = athena.get_named_query(NamedQueryId=identifier)["NamedQuery"]
        if found["Name"] == inputs["name"]:
            athena.delete_named_query(NamedQueryId=identifier)
    created = athena.create_named_query(**request(_NAMED_QUERY, inputs))
    return Made(created["NamedQueryId"], {})


def _describe_named_query(clients: Clients, identifier: str, _: Properties) -> Properties | None:
    try:
        found = clients("athena").get_named_query(NamedQueryId=identifier)
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            return None
        raise
    return told(_NAMED_QUERY, found["NamedQuery"]) if found.get("NamedQuery") else None


def _delete_named_query(clients: Clients, identifier: str, inputs: Properties) -> None:
    if _describe_named_query(clients, identifier, inputs) is not None:
        clients("athena").delete_named_query(NamedQueryId=identifier)


TYPES: dict[str, ResourceType] = {
    "aws:athena/workgroup:Workgroup": ResourceType(
        shape=_WORKGROUP,
        create=_create_workgroup,
        describe=_describe_workgroup,
        update=_update_workgroup,
        delete=_delete_workgroup,
        replace_on=frozenset({"name"}),
        defaults={"state": "ENABLED"},
        taggable=True,
    ),
    "aws:athena/namedQuery:NamedQuery": ResourceType(
        shape=_NAMED_QUERY,
        create=_create_named_query,
        describe=_describe_named_query,
        # As with the AWS provider, every change makes a new one.
        update=None,
        delete=_delete_named_query,
    ),
}
