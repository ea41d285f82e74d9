"""The same rules as a Pulumi policy pack, one stack policy each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, StackValidationPolicy
from pulumi_policy.proxy import UnknownValueError

from policy.model import UNKNOWN, Finding, Resource, Rule, Stack
from policy.report import check
from policy.rules import RULES
from policy.waivers import BOOTSTRAP_WAIVERS, WAIVERS

if TYPE_CHECKING:
    from pulumi_policy import PolicyResource, ReportViolation, StackValidationArgs

NAME = "lakehouse"


def policies() -> list[StackValidationPolicy]:
    """A policy for each rule; a finding stops the deployment, unless it is waived."""
    return [_policy(rule) for rule in RULES]


def stack_of(args: StackValidationArgs) -> Stack:
    """What Pulumi hands to a stack policy, in the shape that the rules know."""
    default_tags: dict[str, str] = {}
    for resource in args.resources:
        if resource.provider is not None:
            default_tags.update(_default_tags(_plain(resource.provider.props)))
    return Stack(tuple(_resource(one) for one in args.resources), default_tags)


def _policy(rule: Rule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        report = check(stack_of(args), [rule], (*WAIVERS, *BOOTSTRAP_WAIVERS))
        for finding in report.findings:
            report_violation(_message(finding), finding.resource.urn)

    return StackValidationPolicy(
        name=rule.name,
        description=f"{rule.says} ({', '.join(rule.ids)})",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate,
    )


def _message(finding: Finding) -> str:
    return f"{finding.resource.name} {finding.message}"


def _resource(given: PolicyResource) -> Resource:
    properties = _plain(given.props)
    return Resource(
        type=given.resource_type,
        name=given.name,
        properties=properties,
        urn=given.urn,
        id=str(properties.get("id") or ""),
        arn=str(properties.get("arn") or ""),
        references={
            name: frozenset(one.urn for one in sources)
            for name, sources in given.property_dependencies.items()
        },
    )


def _plain(value: Any) -> Any:
    """The value without Pulumi's proxies, which raise where a preview knows nothing."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(value, index) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known(holder: Any, key: Any) -> Any:
    try:
        return _plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def _default_tags(provider: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a provider adds; it carries its settings as JSON text."""
    given = provider.get("defaultTags") or {}
    settings = json.loads(given) if isinstance(given, str) and given != UNKNOWN else given
    return dict(settings.get("tags") or {}) if isinstance(settings, Mapping) else {}
