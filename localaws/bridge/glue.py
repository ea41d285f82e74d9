"""Data Catalog databases, crawlers and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.glue_resource import glue_resource
from localaws.bridge.shapes import Nested, Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

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


def _update_database(clients: Clients, name: str, inputs: Properties) -> None:
    glue, wanted = clients("glue"), request(_DATABASE, inputs)
    # The provider cannot take a default permission away: what is left out, or empty, it sends as
    # it is on AWS.
    if not wanted.get("CreateTableDefaultPermissions"):
        kept = glue.get_database(Name=name)["Database"].get("CreateTableDefaultPermissions")
        wanted["CreateTableDefaultPermissions"] = kept or []
    glue.update_database(Name=name, DatabaseInput=wanted)


def _crawler_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_CRAWLER, inputs)
    parameters["Targets"] = {"DeltaTargets": parameters.pop("DeltaTargets", [])}
    return parameters


_OPTIONAL_OF_A_CRAWLER = dict.fromkeys(
    ("Configuration", "CrawlerSecurityConfiguration", "Description", "Schedule", "TablePrefix"), ""
)
"""An update leaves alone what it does not name."""


def _describe_crawler(clients: Clients, name: str) -> Properties:
    found = clients("glue").get_crawler(Name=name)["Crawler"]
    targets, schedule = found.get("Targets", {}), found.get("Schedule", {})
    return told(
        _CRAWLER,
        {
            **found,
            "DeltaTargets": targets.get("DeltaTargets"),
            "Schedule": schedule.get("ScheduleExpression"),
        },
    )


def _connection_request(inputs: Properties) -> dict[str, Any]:
    # The API wants the properties named even where a connection of its type has none.
    return {"ConnectionProperties": {}, **request(_CONNECTION, inputs)}


def _job_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_JOB, inputs)
    if "Connections" in parameters:
        parameters["Connections"] = {"Connections": parameters["Connections"]}
    return parameters


def _describe_job(clients: Clients, name: str) -> Properties:
    found = clients("glue").get_job(JobName=name)["Job"]
    connections = found.get("Connections", {}).get("Connections")
    return told(_JOB, {**found, "Connections": connections})


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
        describe=lambda clients, name: told(
            _DATABASE, clients("glue").get_database(Name=name)["Database"]
        ),
        update=_update_database,
        delete=lambda clients, name: clients("glue").delete_database(Name=name),
        identifier=lambda account, name: f"{account}:{name}",
        computed=frozenset({"createTableDefaultPermissions"}),
    ),
    "aws:glue/crawler:Crawler": glue_resource(
        "crawler",
        _CRAWLER,
        create=lambda clients, inputs: clients("glue").create_crawler(
            **_crawler_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        describe=_describe_crawler,
        update=lambda clients, _, inputs: clients("glue").update_crawler(
            **{**_OPTIONAL_OF_A_CRAWLER, **_crawler_request(inputs)}
        ),
        delete=lambda clients, name: clients("glue").delete_crawler(Name=name),
    ),
    "aws:glue/connection:Connection": glue_resource(
        "connection",
        _CONNECTION,
        create=lambda clients, inputs: clients("glue").create_connection(
            ConnectionInput=_connection_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        describe=lambda clients, name: told(
            _CONNECTION, clients("glue").get_connection(Name=name)["Connection"]
        ),
        update=lambda clients, name, inputs: clients("glue").update_connection(
            Name=name, ConnectionInput=_connection_request(inputs)
        ),
        delete=lambda clients, name: clients("glue").delete_connection(ConnectionName=name),
        identifier=lambda account, name: f"{account}:{name}",
    ),
    "aws:glue/job:Job": glue_resource(
        "job",
        _JOB,
        create=lambda clients, inputs: clients("glue").create_job(
            **_job_request(inputs), Tags=inputs.get("tagsAll", {})
        ),
        describe=_describe_job,
        update=lambda clients, name, inputs: clients("glue").update_job(
            JobName=name, JobUpdate=_job_update(inputs)
        ),
        delete=lambda clients, name: clients("glue").delete_job(JobName=name),
    ),
}
