"""Rules of EventBridge, and what they send to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_RULE: Shape = {
    "name": "Name",
    "description": "Description",
    "eventPattern": "EventPattern",
    "scheduleExpression": "ScheduleExpression",
    "state": "State",
}
_TARGET: Shape = {
    "rule": "Rule",
    "targetId": "Id",
    "arn": "Arn",
    "inputTransformer": Nested(
        "InputTransformer", {"inputPaths": "InputPathsMap", "inputTemplate": "InputTemplate"}
    ),
}


def _put_rule(clients: Clients, inputs: Properties) -> Made:
    events, name = clients("events"), inputs["name"]
    arn = events.put_rule(**request(_RULE, inputs))["RuleArn"]
    tags = tag_list(inputs)
    old = {tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        events.untag_resource(ResourceARN=arn, TagKeys=stale)
    if tags:
        events.tag_resource(ResourceARN=arn, Tags=tags)
    return Made(name, {"arn": arn})


def _rule_exists(clients: Clients, name: str) -> bool:
    rules = clients("events").list_rules(NamePrefix=name)["Rules"]
    return any(rule["Name"] == name for rule in rules)


def _describe_rule(clients: Clients, name: str, _: Properties) -> Properties | None:
    if not _rule_exists(clients, name):
        return None
    events = clients("events")
    found = events.describe_rule(Name=name)
    tags = tag_map(events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"])
    return {**told(_RULE, found), "tagsAll": tags}


def _delete_rule(clients: Clients, name: str, _: Properties) -> None:
    if _rule_exists(clients, name):
        clients("events").delete_rule(Name=name)


def _put_target(clients: Clients, inputs: Properties) -> Made:
    target: dict[str, Any] = request(_TARGET, inputs)
    rule = target.pop("Rule")
    clients("events").put_targets(Rule=rule, Targets=[target])
    return Made(f"{rule}-{target['Id']}", {})


def _describe_target(clients: Clients, _: str, inputs: Properties) -> Properties | None:
    rule = inputs["rule"]
    if not _rule_exists(clients, rule):
        return None
    for target in clients("events").list_targets_by_rule(Rule=rule)["Targets"]:
        if target["Id"] == inputs["targetId"]:
            return told(_TARGET, {**target, "Rule": rule})
    return None


def _delete_target(clients: Clients, identifier: str, inputs: Properties) -> None:
    if _describe_target(clients, identifier, inputs) is not None:
        clients("events").remove_targets(Rule=inputs["rule"], Ids=[inputs["targetId"]])


TYPES: dict[str, ResourceType] = {
    "aws:cloudwatch/eventRule:EventRule": ResourceType(
        shape=_RULE,
        create=_put_rule,
        describe=_describe_rule,
        update=lambda clients, _, inputs: _put_rule(clients, inputs),
        delete=_delete_rule,
        replace_on=frozenset({"name"}),
        defaults={"state": "ENABLED"},
        taggable=True,
    ),
    "aws:cloudwatch/eventTarget:EventTarget": ResourceType(
        shape=_TARGET,
        create=_put_target,
        describe=_describe_target,
        update=lambda clients, _, inputs: _put_target(clients, inputs),
        delete=_delete_target,
        replace_on=frozenset({"rule", "targetId"}),
    ),
}
