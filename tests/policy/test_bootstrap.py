"""The bootstrap of an account: whom its roles trust, which rules it keeps, what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lakehouse.errors import ConfigError
from policy.evaluator import Decision, Request, evaluate
from policy.report import check
from policy.waivers import BOOTSTRAP_WAIVERS
from tests.policy.collected import ACCOUNT, ISSUER, PROVIDER
from tests.policy.world import CAN, CANNOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model import Stack

REPOSITORY = "repo:example/music-lakehouse"
MANAGED_POLICY_LIMIT = 6144
"""Characters without white space ("IAM and AWS STS quotas")."""

SUBJECTS = [
    ("deployer", f"{REPOSITORY}:ref:refs/heads/main", CAN),
    ("deployer", f"{REPOSITORY}:environment:prod", CAN),
    ("deployer", f"{REPOSITORY}:pull_request", CANNOT),
    ("deployer", f"{REPOSITORY}:ref:refs/heads/feature", CANNOT),
    ("deployer", f"{REPOSITORY}:ref:refs/heads/main2", CANNOT),
    ("deployer", f"{REPOSITORY}:environment:staging", CANNOT),
    ("deployer", "repo:example/music-lakehouse-fork:ref:refs/heads/main", CANNOT),
    ("deployer", "repo:somebody/music-lakehouse:ref:refs/heads/main", CANNOT),
    ("previewer", f"{REPOSITORY}:pull_request", CAN),
    ("previewer", f"{REPOSITORY}:ref:refs/heads/main", CANNOT),
    ("previewer", "repo:somebody/music-lakehouse:pull_request", CANNOT),
]


@pytest.mark.parametrize("row", SUBJECTS, ids=lambda row: " ".join(row[:2]))
def test_only_runs_of_the_repository_are_trusted(
    bootstrapped: Stack, row: tuple[str, str, bool]
) -> None:
    """The main branch and the environment of production deploy, pull requests preview."""
    name, subject, expected = row
    (role,) = [one for one in bootstrapped.of("iam/role:Role") if one.name == name]
    for audience, meant in (("sts.amazonaws.com", expected), ("elsewhere", CANNOT)):
        context = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": subject}
        request = Request(PROVIDER, "sts:AssumeRoleWithWebIdentity", role.arn, context)
        trust = role.document("assumeRolePolicy")
        decision = evaluate(request, resource_policy=trust)
        assert (decision is Decision.ALLOWED) is meant


def test_nobody_else_is_trusted(bootstrapped: Stack) -> None:
    """No service, no role, no other provider."""
    for role in bootstrapped.of("iam/role:Role"):
        trust = role.document("assumeRolePolicy")
        for principal in ("glue.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:role/x"):
            request = Request(principal, "sts:AssumeRole", role.arn)
            assert evaluate(request, resource_policy=trust) is not Decision.ALLOWED


def test_the_rules_hold_with_the_exceptions_that_are_needed(bootstrapped: Stack) -> None:
    """The same rules as for the stacks; an exception that nothing needs goes."""
    report = check(bootstrapped, waivers=BOOTSTRAP_WAIVERS)
    assert not report.findings, str(report)
    assert {waiver for _, waiver in report.waived} == set(BOOTSTRAP_WAIVERS)


def test_every_policy_fits(bootstrapped: Stack) -> None:
    """AWS refuses a longer one only when it is made."""
    policies = bootstrapped.of("iam/policy:Policy")
    assert len(policies) == 7
    for policy in policies:
        text = json.dumps(policy.document("policy"), separators=(",", ":"))
        assert len(text) <= MANAGED_POLICY_LIMIT, policy.name
    attached = bootstrapped.of("iam/rolePolicyAttachment:RolePolicyAttachment")
    assert len(attached) == len(policies) - 1, "all but the boundary"


def test_an_identity_provider_that_is_there_is_used(
    declare_bootstrap: Callable[..., Stack],
) -> None:
    """An account can have only one of GitHub's."""
    stack = declare_bootstrap(**{"bootstrap:oidcProviderArn": PROVIDER})
    assert not stack.of("iam/openIdConnectProvider:OpenIdConnectProvider")
    trust = stack.of("iam/role:Role")[0].document("assumeRolePolicy")
    assert trust is not None
    assert trust["Statement"][0]["Principal"] == {"Federated": PROVIDER}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bootstrap:repository", ""),
        ("bootstrap:repository", "example/*"),
        ("bootstrap:repository", "example"),
        ("bootstrap:prefix", "*"),
        ("bootstrap:branch", "ma*in"),
        ("bootstrap:environment", "prod:*"),
        ("aws:allowedAccountIds", ""),
        ("aws:allowedAccountIds", '["999999999999"]'),
    ],
)
def test_bad_settings_are_refused_before_anything(
    declare_bootstrap: Callable[..., Stack], key: str, value: str
) -> None:
    """A wildcard in a name would open the roles to everybody."""
    with pytest.raises(ConfigError, match=key):
        declare_bootstrap(**{key: value})
