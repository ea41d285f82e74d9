"""The bootstrap of an account on the real engine, and a stack whose state and secrets lie in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation

from bootstrap.program import program
from tests.engine.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localaws import process

pytestmark = pytest.mark.engine

SECRET = "of the team alone"
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


def a_secret() -> None:
    """A program that has nothing but a secret."""
    pulumi.export("secret", pulumi.Output.secret(SECRET))


def state_in(
    outputs: dict[str, Any], server: process.Server, command: automation.PulumiCommand, home: Path
) -> automation.Stack:
    """A stack with its state in the bucket and its secrets under the key of the bootstrap."""
    where = f"region=us-east-1&endpoint={server.endpoint}&s3ForcePathStyle=true"
    return automation.create_stack(
        stack_name="kept",
        project_name="lakehouse",
        program=a_secret,
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(home),
            pulumi_command=command,
            env_vars={
                **server.environment(),
                "PULUMI_BACKEND_URL": f"{outputs['backend_url']}?{where}",
                "PULUMI_HOME": str(home / "home"),
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            project_settings=automation.ProjectSettings(name="lakehouse", runtime="python"),
            secrets_provider=outputs["secrets_provider"],
        ),
    )


def test_the_life_of_the_bootstrap(
    new_stack: Callable[..., Any],
    client: Callable[[str], Any],
    server: process.Server,
    pulumi_command: automation.PulumiCommand,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Made once, the same ever after; it keeps the state and the secrets of a stack; another branch
    changes whom the deployer trusts and nothing else; and nobody takes it down in passing.
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

    kept = state_in(outputs, server, pulumi_command, tmp_path_factory.mktemp("kept"))
    kept.up()
    assert kept.outputs()["secret"].value == SECRET
    bucket = outputs["backend_url"].removeprefix("s3://")
    key = ".pulumi/stacks/lakehouse/kept.json"
    state = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert b"awskms" in state
    assert SECRET.encode() not in state

    stack.configure({"bootstrap:branch": "release"})
    stack.up()
    assert stack.steps == {"update aws:iam/role:Role deployer"}
    assert trusted(client, "music-deployer")[1] == f"{REPOSITORY}:ref:refs/heads/release"
    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == state
