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

from localaws.bridge import fingerprint, provision, stack_config
from localaws.bridge.errors import ProvisionError
from localaws.errors import StateFormatError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localaws.process import Server

REGION = "us-east-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "glue.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}
        ],
    }
)


def parameter(name: str, value: str = "v", **more: Any) -> aws.ssm.Parameter:
    """A small resource."""
    return aws.ssm.Parameter("p", name=name, type="String", value=value, **more)


def value_of(client: Callable[[str], Any], name: str) -> str | None:
    """What a parameter holds; None when it is not there."""
    try:
        return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except client("ssm").exceptions.ParameterNotFound:
        return None


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


def test_an_unknown_type_is_an_error_that_names_it(up: Callable[..., Any]) -> None:
    """Nothing is skipped in silence."""
    with pytest.raises(UnsupportedError, match="aws:sqs/queue:Queue"):
        up(lambda: aws.sqs.Queue("q"))


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda name: parameter(name, allowed_pattern="x"), "allowedPattern"),
        (
            lambda name: aws.s3.BucketLifecycleConfiguration(
                "l",
                bucket=name,
                rules=[
                    {"id": "x", "status": "Enabled", "expiration": {"date": "2030-01-01T00:00:00Z"}}
                ],
            ),
            r"rules\[0\]\.expiration.*'date'",
        ),
    ],
    ids=["at the top", "inside"],
)
def test_an_unknown_property_is_an_error_that_names_it(
    up: Callable[..., Any], name: str, declare: Callable[[str], Any], told: str
) -> None:
    """A property that would be left out would make something else than the program says."""
    with pytest.raises(UnsupportedError, match=told):
        up(lambda: declare(name))


def test_an_unknown_data_source_is_an_error_that_names_it(up: Callable[..., Any]) -> None:
    """The same holds for what a program asks."""
    with pytest.raises(UnsupportedError, match="getIpRanges"):
        up(lambda: aws.get_ip_ranges(services=["s3"]))


def test_a_refusal_of_aws_names_the_resource(up: Callable[..., Any], name: str) -> None:
    """The message tells which resource, and what AWS said."""

    def program() -> None:
        aws.s3.BucketVersioning(
            "versions-of-nothing",
            bucket=f"{name}-absent",
            versioning_configuration={"status": "Enabled"},
        )

    with pytest.raises(ProvisionError, match=r"versions-of-nothing.*NoSuchBucket"):
        up(program)


def test_an_error_of_the_program_comes_out_as_itself(up: Callable[..., Any]) -> None:
    """A program's own complaint is not wrapped or lost."""

    def program() -> None:
        raise LookupError("not like this")

    with pytest.raises(LookupError, match="not like this"):
        up(program)


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


def test_an_unchanged_fingerprint_skips_everything(up: Callable[..., Any], name: str) -> None:
    """The outputs of the last run come back, and the program does not even run."""
    outputs = up(lambda: pulumi.export("made", parameter(name).name), fingerprint="same")

    def fails() -> None:
        pytest.fail("the program ran")

    assert up(fails, fingerprint="same") == outputs


def test_a_run_that_failed_is_not_skipped_the_next_time(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """Only a run that came to its end counts, even after an older one with this fingerprint."""
    up(lambda: parameter(name), fingerprint="a")

    def breaks() -> None:
        parameter(name, "w")
        aws.sqs.Queue("q")

    with pytest.raises(UnsupportedError):
        up(breaks, fingerprint="b")
    up(lambda: parameter(name), fingerprint="a")
    assert value_of(client, name) == "v"


def test_without_a_state_what_is_there_is_taken_over(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """A run that was killed between making and remembering converges the next time."""

    def program() -> None:
        bucket = aws.s3.Bucket("b", bucket=name)
        role = aws.iam.Role("r", name=name, assume_role_policy=TRUST)
        database = aws.glue.CatalogDatabase("d", name=name)
        workgroup = aws.athena.Workgroup("w", name=name)
        aws.athena.NamedQuery(
            "q", name="q", workgroup=workgroup.name, database=database.name, query="SELECT 1"
        )
        pulumi.export("all", [bucket.arn, role.arn, database.arn, workgroup.arn])

    assert up(program, state=None) == up(program, state=None)
    queries = client("athena").list_named_queries(WorkGroup=name)["NamedQueryIds"]
    assert len(queries) == 1


def test_a_kill_between_two_resources_loses_neither(
    server: Server, client: Any, name: str, tmp_path: Path
) -> None:
    """The state is written after each resource; the next run makes only what is missing."""
    script = f"""
import os, signal
import pulumi_aws as aws
from localaws.bridge import provision
from pathlib import Path

def program():
    first = aws.ssm.Parameter("first", name="{name}-1", type="String", value="v")
    first.id.apply(lambda _: os.kill(os.getpid(), signal.SIGKILL))

provision(program, project="tests", stack="kill", config={{}}, endpoint="{server.endpoint}",
          region="us-east-1", state=Path({str(tmp_path / "s.json")!r}))
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode < 0

    def program() -> None:
        aws.ssm.Parameter("first", name=f"{name}-1", type="String", value="v")
        aws.ssm.Parameter("second", name=f"{name}-2", type="String", value="v")

    provision(
        program,
        project="tests",
        stack="kill",
        config={},
        endpoint=server.endpoint,
        region=REGION,
        state=tmp_path / "s.json",
    )
    found = client("ssm").get_parameters(Names=[f"{name}-1", f"{name}-2"])["Parameters"]
    assert [item["Version"] for item in found] == [1, 1]


@pytest.mark.parametrize("text", ["", "[]", '{"version": 99}', '{"version": 1}'])
def test_a_state_file_that_is_none_is_left_alone(
    up: Callable[..., Any], tmp_path: Path, text: str
) -> None:
    """The error names the file, and its content stays for whoever looks into it."""
    file = tmp_path / "stack.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StateFormatError, match=r"stack\.json"):
        up(lambda: None)
    assert file.read_text(encoding="utf-8") == text


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


def test_a_fingerprint_changes_with_code_and_settings_only(tmp_path: Path) -> None:
    """Neither time nor other files count; a changed line or setting does."""
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    before = fingerprint([tmp_path], {"k": "v"})
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert fingerprint([tmp_path], {"k": "v"}) == before
    assert fingerprint([tmp_path], {"k": "w"}) != before
    (tmp_path / "a.py").write_text("x = 2\n", encoding="utf-8")
    assert fingerprint([tmp_path], {"k": "v"}) != before


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
