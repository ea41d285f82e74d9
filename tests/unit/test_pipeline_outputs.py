"""The stack's outputs: read with AWS credentials alone, and never misread."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from pipeline.aws import Aws
from pipeline.errors import StackError
from pipeline.outputs import Outputs, parse_outputs, read_outputs

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "version": 1,
    "job_name": "j",
    "crawler_name": "c",
    "database_name": "d",
    "workgroup_name": "w",
    "landing_bucket": "l",
    "bucket_names": {"processing-zone": "p"},
    "tables": {"songs": "s3://b/songs/"},
    "schedule": None,
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        yield Aws.on_account("eu-west-1")


def test_outputs_come_from_the_stacks_parameter(aws: Aws) -> None:
    """What the pipeline does not need is passed over."""
    aws.ssm.put_parameter(Name="/lakehouse/dev/outputs", Value=json.dumps(GOOD), Type="String")
    outputs = read_outputs(aws, "dev")
    assert outputs == Outputs("j", "c", "d", "w", "l", GOOD["bucket_names"], GOOD["tables"])
    told = parse_outputs(json.dumps({**GOOD, "log_groups": {"job_output": "/g"}}), "/p")
    assert told.log_groups == {"job_output": "/g"}


def test_an_unknown_stack_names_parameter_and_region(aws: Aws) -> None:
    """The message says what to check and what to do."""
    with pytest.raises(StackError, match="no stack 'dev' in region eu-west-1: the SSM parameter "):
        read_outputs(aws, "dev")


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_an_unknown_version_is_refused(version: Any) -> None:
    """Fields may mean something else there."""
    with pytest.raises(StackError, match=f"have version {version!r}, and this pipeline reads"):
        parse_outputs(json.dumps({**GOOD, "version": version}), "/p")


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", "7"])
def test_another_document_is_refused(text: str) -> None:
    """The parameter may have been written by hand."""
    with pytest.raises(StackError, match="/p does not hold a stack's outputs"):
        parse_outputs(text, "/p")


def test_missing_fields_are_named() -> None:
    """All of them at once."""
    document = {**GOOD, "job_name": None}
    del document["tables"]
    with pytest.raises(StackError, match="/p lack job_name, tables"):
        parse_outputs(json.dumps(document), "/p")


def test_the_local_door_is_blind_to_the_users_aws_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile that does not exist, or real credentials, play no part on this machine."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    environment = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"
    }  # fmt: skip
    local = Aws.on_endpoint("http://127.0.0.1:1", environment)
    assert local.s3.meta.endpoint_url == "http://127.0.0.1:1"
    assert local.delta_options() == {
        **environment,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
    }


def test_the_region_may_come_from_the_variable_that_other_tools_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AWS_REGION counts, and the option comes before it."""
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert Aws.on_account().session.region_name == "eu-north-1"
    assert Aws.on_account("eu-west-1").session.region_name == "eu-west-1"


def test_starting_a_job_is_never_retried_blindly() -> None:
    """Every other call is; this one would be carried out twice."""
    environment = {
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"
    }  # fmt: skip
    local = Aws.on_endpoint("http://127.0.0.1:1", environment)
    once: Any = local.glue_once.meta.config
    assert once.retries["total_max_attempts"] == 1
    usual: Any = local.glue.meta.config
    assert usual.retries["total_max_attempts"] > 1
