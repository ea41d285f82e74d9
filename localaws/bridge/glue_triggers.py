"""Workflows and triggers of Glue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.glue_resource import glue_resource
from localaws.bridge.shapes import Nested, Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

_WORKFLOW: Shape = {
    "name": "Name",
    "description": "Description",
    "defaultRunProperties": "DefaultRunProperties",
    "maxConcurrentRuns": "MaxConcurrentRuns",
}

_TRIGGER: Shape = {
    "name": "Name",
    "description": "Description",
    "workflowName": "WorkflowName",
    "type": "Type",
    "schedule": "Schedule",
    "startOnCreation": "StartOnCreation",
    "enabled": "Enabled",
    "predicate": Nested(
        "Predicate",
        {
            "logical": "Logical",
            "conditions": Nested(
                "Conditions",
                {
                    "jobName": "JobName",
                    "state": "State",
                    "crawlerName": "CrawlerName",
                    "crawlState": "CrawlState",
                    "logicalOperator": "LogicalOperator",
                },
            ),
        },
    ),
    "actions": Nested(
        "Actions",
        {
            "jobName": "JobName",
            "crawlerName": "CrawlerName",
            "arguments": "Arguments",
            "timeout": "Timeout",
            "securityConfiguration": "SecurityConfiguration",
        },
    ),
}
_RUNNING = {"ACTIVATED", "ACTIVATING"}
_ONLY_AT_CREATION = ("Name", "WorkflowName", "Type", "StartOnCreation")


def _enabled(inputs: Properties) -> bool:
    return bool(inputs.get("enabled", True))


def _create_trigger(clients: Clients, inputs: Properties) -> None:
    parameters = request(_TRIGGER, inputs)
    parameters.pop("Enabled", None)
    parameters["StartOnCreation"] = _enabled(inputs) and parameters.get("StartOnCreation", False)
    clients("glue").create_trigger(**parameters, Tags=inputs.get("tagsAll", {}))


def _update_trigger(clients: Clients, name: str, inputs: Properties) -> None:
    glue = clients("glue")
    wanted: dict[str, Any] = request(_TRIGGER, inputs)
    wanted.pop("Enabled", None)
    for fixed in _ONLY_AT_CREATION:
        wanted.pop(fixed, None)
    glue.update_trigger(Name=name, TriggerUpdate=wanted)
    if inputs["type"] != "ON_DEMAND":
        change = glue.start_trigger if _enabled(inputs) else glue.stop_trigger
        change(Name=name)


def _describe_trigger(clients: Clients, name: str) -> Properties:
    found = clients("glue").get_trigger(Name=name)["Trigger"]
    return {**told(_TRIGGER, found), "enabled": found["State"] in _RUNNING}


TYPES: dict[str, ResourceType] = {
    "aws:glue/workflow:Workflow": glue_resource(
        "workflow",
        _WORKFLOW,
        create=lambda clients, inputs: clients("glue").create_workflow(
            **request(_WORKFLOW, inputs), Tags=inputs.get("tagsAll", {})
        ),
        describe=lambda clients, name: told(
            _WORKFLOW, clients("glue").get_workflow(Name=name)["Workflow"]
        ),
        update=lambda clients, _, inputs: clients("glue").update_workflow(
            **request(_WORKFLOW, inputs)
        ),
        delete=lambda clients, name: clients("glue").delete_workflow(Name=name),
    ),
    "aws:glue/trigger:Trigger": glue_resource(
        "trigger",
        _TRIGGER,
        create=_create_trigger,
        describe=_describe_trigger,
        update=_update_trigger,
        delete=lambda clients, name: clients("glue").delete_trigger(Name=name),
        replace_on=frozenset({"name", "type", "workflowName"}),
        defaults={"enabled": True},
    ),
}
