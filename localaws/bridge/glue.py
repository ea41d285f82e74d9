"""Data Catalog databases, crawlers and jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.bridge.clients import Clients
from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request

_DATABASE: Shape = {
    "name": "Name",
    "description": "Description",
    "locationUri": "LocationUri",
    "parameters": "Parameters",
    "createTableDefaultPermissions": Nested(
        "CreateTableDefaultPermissions",
        {
            "permissions": "Permissions",
            "principal": Nested(
                "Principal", {"dataLakePrincipalIdentifier": "DataLakePrincipalIdentifier"}
            ),
        },
    ),
}

_CRAWLER: Shape = {
    "name": "Name",
    "description": "Description",
    "databaseName": "DatabaseName",
    "role": "Role",
    "deltaTargets": Nested(
        "DeltaTargets",
        {
            "deltaTables": "DeltaTables",
            "writeManifest": "WriteManifest",
            "createNativeDeltaTable": "CreateNativeDeltaTable",
            "connectionName": "ConnectionName",
        },
    ),
    "recrawlPolicy": Nested("RecrawlPolicy", {"recrawlBehavior": "RecrawlBehavior"}),
    "schemaChangePolicy": Nested(
        "SchemaChangePolicy",
        {"updateBehavior": "UpdateBehavior", "deleteBehavior": "DeleteBehavior"},
    ),
    "configuration": "Configuration",
    "tablePrefix": "TablePrefix",
    "schedule": "Schedule",
    "securityConfiguration": "CrawlerSecurityConfiguration",
}

_JOB: Shape = {
    "name": "Name",
    "description": "Description",
    "roleArn": "Role",
    "glueVersion": "GlueVersion",
    "command": Nested(
        "Command",
        {
            "name": "Name",
            "pythonVersion": "PythonVersion",
            "scriptLocation": "ScriptLocation",
        },
    ),
    "defaultArguments": "DefaultArguments",
    "nonOverridableArguments": "NonOverridableArguments",
    "connections": "Connections",
    "workerType": "WorkerType",
    "numberOfWorkers": "NumberOfWorkers",
    "timeout": "Timeout",
    "maxRetries": "MaxRetries",
    "executionClass": "ExecutionClass",
    "executionProperty": Nested("ExecutionProperty", {"maxConcurrentRuns": "MaxConcurrentRuns"}),
    "jobRunQueuingEnabled": "JobRunQueuingEnabled",
    "securityConfiguration": "SecurityConfiguration",
}

_CONNECTION: Shape = {
    "name": "Name",
    "description": "Description",
    "connectionType": "ConnectionType",
    "connectionProperties": "ConnectionProperties",
    "physicalConnectionRequirements": Nested(
        "PhysicalConnectionRequirements",
        {
            "availabilityZone": "AvailabilityZone",
            "subnetId": "SubnetId",
            "securityGroupIdLists": "SecurityGroupIdList",
        },
    ),
}

Call = Callable[[Clients, str, Properties], Any]


def glue_resource(
    kind: str,
    shape: Shape,
    *,
    create: Callable[[Clients, Properties], Any],
    read: Call,
    update: Call,
    delete: Call,
    identifier: Callable[[str, str], str] = lambda _, name: name,
    replace_on: frozenset[str] = frozenset({"name"}),
) -> ResourceType:
    """A Glue resource: found by its name, tagged by its ARN, kept with the account in its ARN."""

    def made(clients: Clients, name: str) -> Made:
        account = clients.account_id
        arn = f"arn:{clients.partition}:glue:{clients.region}:{account}:{kind}/{name}"
        return Made(identifier(account, name), {"arn": arn, "catalogId": account})

    def make(clients: Clients, inputs: Properties) -> Made:
        try:
            create(clients, inputs)
        except clients("glue").exceptions.AlreadyExistsException:
            return change(clients, inputs["name"], inputs)
        return made(clients, inputs["name"])

    def exists(clients: Clients, _: str, inputs: Properties) -> bool:
        try:
            read(clients, inputs["name"], inputs)
        except clients("glue").exceptions.EntityNotFoundException:
            return False
        return True

    def change(clients: Clients, _: str, inputs: Properties) -> Made:
        name = inputs["name"]
        update(clients, name, inputs)
        changed = made(clients, name)
        _retag(clients, changed.outputs["arn"], inputs.get("tagsAll", {}))
        return changed

    def remove(clients: Clients, _: str, inputs: Properties) -> None:
        try:
            delete(clients, inputs["name"], inputs)
        except clients("glue").exceptions.EntityNotFoundException:
            return

    return ResourceType(
        shape=shape,
        create=make,
        exists=exists,
        update=change,
        delete=remove,
        replace_on=replace_on,
        taggable=True,
    )


def _retag(clients: Clients, arn: str, tags: dict[str, str]) -> None:
    glue = clients("glue")
    stale = sorted(set(glue.get_tags(ResourceArn=arn)["Tags"]) - set(tags))
    if stale:
        glue.untag_resource(ResourceArn=arn, TagsToRemove=stale)
    if tags:
        glue.tag_resource(ResourceArn=arn, TagsToAdd=tags)


def _crawler_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_CRAWLER, inputs)
    parameters["Targets"] = {"DeltaTargets": parameters.pop("DeltaTargets", [])}
    return parameters


def _connection_request(inputs: Properties) -> dict[str, Any]:
    # The API wants the properties named even where a connection of its type has none.
    return {"ConnectionProperties": {}, **request(_CONNECTION, inputs)}


def _job_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_JOB, inputs)
    if "Connections" in parameters:
        parameters["Connections"] = {"Connections": parameters["Connections"]}
    return parameters


def _job_update(inputs: Properties) -> dict[str, Any]:
    parameters = _job_request(inputs)
    del parameters["Name"]
    return parameters


TYPES: dict[str, ResourceType] = {
    "aws:glue/catalogDatabase:CatalogDatabase": glue_resource(
        "database",
        _DATABASE,
        create=lambda clients, inputs: clients("glue").create_database(
            DatabaseInput=request(_DATABASE, inputs), Tags=inputs.get("tagsAll", {})
        ),
        read=lambda clients, name, _: clients("glue").get_database(Name=name),
        update=lambda clients, name, inputs: clients("glue").update_database(
            Name=name, DatabaseInput=request(_DATABASE, inputs)
        ),
        delete=lambda clients, name, _: clients("glue").delete_database(Name=name),
        identifier=lambda account, name: f"{account}:{name}",
    ),
    "aws:glue/crawler:Crawler": glue_resource(
        "crawler",
        _CRAWLER,
        create=lambda clients, inputs: clients("glue").create_crawler(
            **_crawler_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        read=lambda clients, name, _: clients("glue").get_crawler(Name=name),
        update=lambda clients, _, inputs: clients("glue").update_crawler(
            **_crawler_request(inputs)
        ),
        delete=lambda clients, name, _: clients("glue").delete_crawler(Name=name),
    ),
    "aws:glue/connection:Connection": glue_resource(
        "connection",
        _CONNECTION,
        create=lambda clients, inputs: clients("glue").create_connection(
            ConnectionInput=_connection_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        read=lambda clients, name, _: clients("glue").get_connection(Name=name),
        update=lambda clients, name, inputs: clients("glue").update_connection(
            Name=name, ConnectionInput=_connection_request(inputs)
        ),
        delete=lambda clients, name, _: clients("glue").delete_connection(ConnectionName=name),
        identifier=lambda account, name: f"{account}:{name}",
    ),
    "aws:glue/job:Job": glue_resource(
        "job",
        _JOB,
        create=lambda clients, inputs: clients("glue").create_job(
            **_job_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        read=lambda clients, name, _: clients("glue").get_job(JobName=name),
        update=lambda clients, name, inputs: clients("glue").update_job(
            JobName=name, JobUpdate=_job_update(inputs)
        ),
        delete=lambda clients, name, _: clients("glue").delete_job(JobName=name),
    ),
}
