"""The bootstrap of an account on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from bootstrap.program import program
from tests.engine.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

REPOSITORY = "repo:example/music-lakehouse"


def trusted(client: Callable[[str], Any], role: str) -> list[str]:
    """The subjects of GitHub's tokens that a role trusts."""
    document = client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    (subjects,) = (
        value
        for name, value in statement["Condition"]["StringEquals"].items()
        if name.endswith(":sub")
    )
    return [subjects] if isinstance(subjects, str) else list(subjects)


def attached(client: Callable[[str], Any], role: str) -> set[str]:
    """The managed policies of a role."""
    listed = client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return {policy["PolicyName"] for policy in listed}


def test_the_life_of_the_bootstrap(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """Made once, the same ever after; another branch changes whom the deployer trusts and nothing
    else; and nobody takes it down in passing. What it keeps for stacks shows in test_commands.py.
    """
    stack = new_stack("account", folder=ROOT / "bootstrap", run=program)
    planned = stack.preview()
    created = stack.up()
    assert created == planned
    assert set(created) == {"create"}
    unchanged = {"same": created["create"]}
    assert stack.up() == unchanged
    assert stack.preview(refresh=True) == unchanged, "AWS tells something else than was asked for"

    main = [f"{REPOSITORY}:environment:prod", f"{REPOSITORY}:ref:refs/heads/main"]
    assert trusted(client, "music-deployer") == main
    assert trusted(client, "music-previewer") == [f"{REPOSITORY}:pull_request"]
    parts = ("storage", "services", "network", "identity")
    assert attached(client, "music-deployer") == {f"music-deployer-{part}" for part in parts}
    outputs = stack.outputs()
    boundary = client("iam").get_policy(PolicyArn=outputs["permissions_boundary_arn"])
    assert boundary["Policy"]["PolicyName"] == "music-boundary"

    bucket = outputs["backend_url"].removeprefix("s3://")
    part = {"Bucket": bucket, "Key": ".pulumi/stacks/lakehouse/dev.json"}
    client("s3").put_object(**part, Body=b"a state")

    stack.configure({"bootstrap:branch": "release"})
    stack.up()
    assert stack.steps == {"update aws:iam/role:Role deployer"}
    assert trusted(client, "music-deployer")[1] == f"{REPOSITORY}:ref:refs/heads/release"
    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert client("s3").get_object(**part)["Body"].read() == b"a state"
