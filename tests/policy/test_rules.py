"""The rules: each catches what breaks it, and the real stacks break none."""

from __future__ import annotations

import fnmatch
import inspect
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pulumi_aws as aws
import pytest

from lakehouse.runtimes import RUNTIMES
from policy.documents import statements
from policy.glue import SUPPORTED_VERSIONS
from policy.iam_actions import STAR_RESOURCES
from policy.network import ROUTE_TARGETS
from policy.report import check
from policy.rules import RULES
from policy.waivers import NOT_CHECKED, SCANNER_WAIVERS, WAIVERS
from tests.policy.breaks_of_network import NETWORK_BREAKS
from tests.policy.breaks_of_roles import ROLE, ROLE_BREAKS
from tests.policy.breaks_of_services import JOB, SERVICE_BREAKS
from tests.policy.breaks_of_storage import LIFECYCLE, STORAGE_BREAKS
from tests.policy.changes import OTHER, ROLE_POLICY, drop, put, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model import Stack
    from tests.policy.changes import Break

GIVEN_KEY = f"arn:aws:kms:us-east-1:111122223333:key/{UUID(int=1)}"

FAMILIES = (STORAGE_BREAKS, ROLE_BREAKS, SERVICE_BREAKS, NETWORK_BREAKS)
BREAKS: Mapping[str, list[Break]] = {
    rule: breaks for family in FAMILIES for rule, breaks in family.items()
}
"""Rule -> changes of the good stack that it has to catch."""


def test_the_rule_book_is_whole() -> None:
    """All 43 lines have a rule, every rule a sentence, ids and a name of its own."""
    assert {rule.line for rule in RULES} == set(range(1, 44))
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.ids, rule.name
        assert rule.says.endswith("."), rule.name
    broken = [name for family in FAMILIES for name in family]
    assert sorted(rule.name for rule in RULES) == sorted(broken)
    checked = {name for rule in RULES for name in rule.ids}
    assert not checked & NOT_CHECKED.keys()


def test_a_good_stack_breaks_no_rule(good: Stack) -> None:
    """Nothing is caught by mistake; the two exceptions of the log bucket are used."""
    report = check(good)
    assert not report.findings, str(report)
    assert {waiver for _, waiver in report.waived} == {one for one in WAIVERS if one.in_production}


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name, all_ in BREAKS.items() for n in range(len(all_))]
)
def test_a_rule_catches_what_breaks_it(good: Stack, name: str, number: int) -> None:
    """One thing is changed in a good stack, and the rule says so."""
    report = check(BREAKS[name][number](good))
    caught = [finding for finding in report.findings if finding.rule.name == name]
    assert caught
    assert f"[{name}: {', '.join(caught[0].rule.ids)}]" in str(report)


def test_the_real_stacks_break_no_rule(real: Stack) -> None:
    """What dev, prod and local declare passes every check, but for the table of waivers."""
    report = check(real)
    assert not report.findings, str(report)


@pytest.mark.parametrize(
    "settings",
    [
        {"lakehouse:network": "none"},
        {
            "lakehouse:network": "existing",
            "lakehouse:vpcId": "vpc-0123456789abcdef0",
            "lakehouse:subnetIds": '{"subnet-0123456789abcdef0": "us-east-1a"}',
            "lakehouse:securityGroupId": "sg-0123456789abcdef0",
        },
        {"lakehouse:extraEndpoints": '["athena", "secretsmanager"]'},
        {"lakehouse:availabilityZones": "3"},
        {"lakehouse:lakeFormation": "grants"},
        {"lakehouse:kmsKeyArn": GIVEN_KEY},
        {
            "lakehouse:monthlyBudgetUsd": "50",
            "lakehouse:maintenanceSchedule": "cron(37 4 ? * SUN *)",
        },
    ],
    ids=str,
)
def test_every_setting_passes(declare: Callable[..., Stack], settings: dict[str, str]) -> None:
    """No way that the settings offer breaks a rule."""
    report = check(declare("dev", **settings))
    assert not report.findings, str(report)


def test_no_action_on_every_resource_is_listed_for_nothing(declare: Callable[..., Stack]) -> None:
    """The table holds what the roles really have, and no more."""
    stack = declare("prod", **{"lakehouse:lakeFormation": "grants"})
    used = {
        action
        for policy in stack.of(ROLE_POLICY)
        for statement in statements(policy.document("policy"))
        if "*" in (statement.resources or ())
        for action in statement.actions or ()
    }
    assert used == set(STAR_RESOURCES)


def test_the_operator_of_a_trial_alone_may_trust_the_account(declare: Callable[..., Stack]) -> None:
    """Nobody else may, not in production, and nobody trusts another account or everybody."""
    dev, prod = declare("dev"), declare("prod")

    def trusting(stack: Stack, name: str, principal: str) -> set[str]:
        (role,) = (one for one in stack.of(ROLE) if one.name == name)
        first = replace(stack, resources=(role, *(one for one in stack.resources if one != role)))
        trusted = {"AWS": principal.replace("OURS", stack.account)}
        broken = state(ROLE, "assumeRolePolicy", Principal=trusted, Action="sts:AssumeRole")(first)
        return {str(finding.resource) for finding in check(broken).findings}

    root = "arn:aws:iam::OURS:root"
    assert not trusting(dev, "operator-role", root)
    for stack, name, principal in (
        (prod, "operator-role", root),
        (prod, "analyst-role", root),
        (dev, "job-role", root),
        (dev, "operator-role", f"arn:aws:iam::{OTHER}:root"),
        (dev, "operator-role", "*"),
    ):
        assert trusting(stack, name, principal) == {f"aws:{ROLE} {name}"}


def test_every_target_of_a_route_is_known() -> None:
    """What the provider lets a route lead to, a rule looks at."""
    named = {
        name
        for kind in (aws.ec2.RouteArgs, aws.ec2.RouteTableRouteArgs)
        for name in inspect.signature(kind).parameters
        if name.endswith(("_id", "_arn"))
    } - {"route_table_id", "destination_prefix_list_id"}
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in named}
    assert camel == set(ROUTE_TARGETS)


def test_what_scanners_misjudge_is_there(declare: Callable[..., Stack]) -> None:
    """An exception names a resource of a stack, and no rule that is left out altogether."""
    declared = [str(one) for one in declare("dev").resources]
    for one in SCANNER_WAIVERS:
        assert fnmatch.filter(declared, one.resource), one
        assert one.rule not in NOT_CHECKED
        assert one.reason


def test_no_waiver_is_there_for_nothing(declare: Callable[..., Stack]) -> None:
    """An exception that nothing needs any more goes."""
    used = {waiver for stack in ("dev", "prod") for _, waiver in check(declare(stack)).waived}
    assert used == set(WAIVERS)
    assert all(waiver.reason for waiver in WAIVERS)


def test_a_change_of_a_real_stack_is_caught(declare: Callable[..., Stack]) -> None:
    """The checks look at what the program really declares, not only at the example."""
    prod = declare("prod")
    for name in (
        "bucket-public-access",
        "bucket-tls-only",
        "bucket-versioning",
        "bucket-old-versions",
        "every-action",
        "trust",
        "one-writer",
        "workgroup-enforced",
        "flow-logs",
        "closed-groups",
        "endpoints",
    ):
        report = check(BREAKS[name][0](prod))
        assert name in {finding.rule.name for finding in report.findings}


def test_landing_may_move_to_what_is_read_at_once(good: Stack) -> None:
    """Cheaper classes are allowed where they answer at once, and only in landing."""
    cheap = [{"days": 30, "storageClass": "STANDARD_IA"}]
    in_landing = put(LIFECYCLE, "rules.0.transitions", cheap)(good)
    assert not check(in_landing).findings
    elsewhere = put(JOB, "defaultArguments", {"--landing": "s3://another"})(in_landing)
    assert [finding.rule.name for finding in check(elsewhere).findings] == [
        "bucket-current-objects"
    ]


def test_results_and_logs_may_expire(good: Stack) -> None:
    """They are by-products: nobody's table is in them."""
    for others in (["landing", "access-logs"], ["landing", "results"]):
        changed = good
        for name in others:
            changed = drop(LIFECYCLE, name)(changed)
        expiring = put(LIFECYCLE, "rules.0.expiration", {"days": 30})(changed)
        names = {finding.rule.name for finding in check(expiring).findings}
        assert names == {"bucket-old-versions", "bucket-dead-uploads"}, "of the buckets without"


def test_the_supported_versions_are_those_of_the_program() -> None:
    """The rule and the table of runtimes move together."""
    assert set(RUNTIMES) == SUPPORTED_VERSIONS
