"""Provisioning in process: any Pulumi program on localaws, again and again."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest

from localaws.bridge import stack_config
from localaws.errors import UnsupportedError
from tests.local.bridge_programs import REGION, TRUST, parameter, value_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}
        ],
    }
)


def test_outputs_are_those_that_a_provider_gives(up: Callable[..., Any], name: str) -> None:
    """Names, ARNs and ids are physical ones, as plain Python values."""

    def program() -> None:
        bucket = aws.s3.Bucket("b", bucket=name)
        made = parameter(f"/{name}")
        pulumi.export("all", [bucket.id, bucket.arn, made.arn, made.name, made.value])
        pulumi.export("nothing", None)
        pulumi.export("nested", {"list": [1, 2.5, True], "of": bucket.bucket})

    assert up(program) == {
        "all": [
            name,
            f"arn:aws:s3:::{name}",
            f"arn:aws:ssm:us-east-1:123456789012:parameter/{name}",
            f"/{name}",
            "v",
        ],
        "nothing": None,
        "nested": {"list": [1, 2.5, True], "of": name},
    }


def test_a_second_run_changes_nothing(up: Callable[..., Any], client: Any, name: str) -> None:
    """What is as it should be is left alone: the parameter keeps its version."""
    for _ in range(2):
        up(lambda: parameter(name))
    assert client("ssm").get_parameter(Name=name)["Parameter"]["Version"] == 1


def test_a_change_updates_in_place(up: Callable[..., Any], client: Any, name: str) -> None:
    """Another value is a new version of the same parameter."""
    up(lambda: parameter(name))
    up(lambda: parameter(name, "w"))
    found = client("ssm").get_parameter(Name=name)["Parameter"]
    assert (found["Value"], found["Version"]) == ("w", 2)


def test_a_change_that_cannot_be_made_in_place_replaces(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """Another name is another parameter; the old one goes."""
    up(lambda: parameter(f"{name}-old"))
    up(lambda: parameter(f"{name}-new"))
    assert value_of(client, f"{name}-old") is None
    assert value_of(client, f"{name}-new") == "v"


def test_what_the_program_no_longer_declares_is_deleted(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """In reverse order: the policy before its role, which could not go otherwise."""

    def program() -> None:
        role = aws.iam.Role("r", name=name, assume_role_policy=TRUST)
        aws.iam.RolePolicy("r", name="x", role=role.name, policy=READ)

    up(program)
    up(lambda: None)
    with pytest.raises(client("iam").exceptions.NoSuchEntityException):
        client("iam").get_role(RoleName=name)


def test_what_vanished_from_aws_is_made_again(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """Every resource of the state is looked up when the program runs."""
    up(lambda: parameter(name))
    client("ssm").delete_parameter(Name=name)
    up(lambda: parameter(name))
    assert value_of(client, name) == "v"


def test_default_tags_reach_the_resource_and_its_own_win(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """The provider's default tags are merged, as the real provider does."""
    config = {
        "aws:region": REGION,
        "aws:defaultTags": json.dumps({"tags": {"Team": "music", "Stage": "dev"}}),
    }
    up(lambda: parameter(name, tags={"Stage": "test"}), config=config)
    tags = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    assert {tag["Key"]: tag["Value"] for tag in tags["TagList"]} == {
        "Team": "music",
        "Stage": "test",
    }


def test_two_stacks_in_one_process_do_not_meet(up: Callable[..., Any], tmp_path: Path) -> None:
    """Project, stack and settings belong to one run alone."""

    def program() -> None:
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("set", pulumi.Config("app").get("key"))

    first = up(program, stack="one", config={"app:key": "1"}, state=tmp_path / "1.json")
    second = up(program, stack="two", config={}, state=tmp_path / "2.json")
    assert first == {"stack": "one", "set": "1"}
    assert second == {"stack": "two", "set": None}


def test_it_works_where_an_event_loop_runs_already(up: Callable[..., Any], name: str) -> None:
    """A caller inside asyncio needs no arrangements."""

    async def inside() -> Any:
        return up(lambda: pulumi.export("made", parameter(name).name))

    assert asyncio.run(inside()) == {"made": name}


def test_settings_are_read_as_pulumi_hands_them_over(tmp_path: Path) -> None:
    """Scalars stay the text they are in the file, objects become JSON."""
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  a:v: 5.0\n  a:b: true\n  a:l: [1, x]\n", encoding="utf-8")
    assert stack_config(file) == {"a:v": "5.0", "a:b": "true", "a:l": '["1", "x"]'}


def test_an_encrypted_setting_is_refused(tmp_path: Path) -> None:
    """Only Pulumi can decrypt it, so its key is named instead of its ciphertext used."""
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  a:secret:\n    secure: v1:abc\n", encoding="utf-8")
    with pytest.raises(UnsupportedError, match="a:secret"):
        stack_config(file)


def test_importing_the_bridge_is_cheap() -> None:
    """A command line that may find everything up to date loads neither Pulumi nor boto3."""
    script = (
        "import sys, localaws.bridge; "
        "print(sorted({'pulumi', 'pulumi_aws', 'boto3', 'moto'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert ended.stdout.strip() == "[]"
