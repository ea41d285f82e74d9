"""preview, up and destroy through the Automation API, on the real Pulumi CLI."""

from __future__ import annotations

import io
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation

from lakehouse.errors import ConfigError
from pipeline import deploy, deploy_errors, deploy_run
from pipeline.errors import (
    AccessError,
    DeployError,
    LakehouseError,
    PipelineBusyError,
    StackError,
    UsageError,
)
from pipeline.progress import PlainDisplay

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())


@pytest.fixture
def project(pulumi_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with one stack's settings, and a backend of its own."""
    for folder in ("backend", "project"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("PATH", f"{pulumi_root / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setattr(deploy, "_program", lambda: pulumi.export("answer", 42))
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path / "project")
    (tmp_path / "project" / "Pulumi.try.yaml").write_text("# mine\nconfig:\n  lakehouse:a: b\n")
    return tmp_path / "project"


def contents(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.engine
def test_a_stack_comes_and_goes_and_its_files_stay_as_they_are(project: Path) -> None:
    """Preview, up, up again, destroy: settings are read, and never written."""
    before = contents(project)
    with pytest.raises(StackError, match="was never created in the Pulumi backend"):
        deploy.deploy("preview", "try", DISPLAY, project)
    first = deploy.deploy("up", "try", DISPLAY, project)
    assert (first.operations, first.outputs) == ({"create": 1}, {"answer": 42})
    again = deploy.deploy("up", "try", DISPLAY, project)
    assert again.as_text() == "up of try: no change (1 unchanged)"
    assert deploy.deploy("preview", "try", DISPLAY, project).operations == {"same": 1}
    assert deploy.deploy("destroy", "try", DISPLAY, project).operations == {"delete": 1}
    assert contents(project) == before


@pytest.mark.engine
def test_the_settings_reach_the_program(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in Pulumi.<stack>.yaml is the program's configuration."""
    monkeypatch.setattr(
        deploy, "_program", lambda: pulumi.export("a", pulumi.Config("lakehouse").require("a"))
    )
    assert deploy.deploy("up", "try", DISPLAY, project).outputs == {"a": "b"}


@pytest.mark.engine
def test_a_missing_passphrase_is_one_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the variables to set."""
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(UsageError, match="under a passphrase: set PULUMI_CONFIG_PASSPHRASE"):
        deploy.deploy("up", "try", DISPLAY, project)


@pytest.mark.engine
def test_attributes_cut_off_by_a_kill_are_told_with_the_way_out(
    project: Path, tmp_path: Path
) -> None:
    """And the way out leads out: the state beside the empty file is whole."""
    deploy.deploy("up", "try", DISPLAY, project)
    (attributes,) = (tmp_path / "backend" / ".pulumi" / "stacks").rglob("try.json.attrs")
    attributes.write_bytes(b"")
    with pytest.raises(DeployError, match=r"delete try\.json\.attrs under \.pulumi/stacks"):
        deploy.deploy("up", "try", DISPLAY, project)
    attributes.unlink()
    assert deploy.deploy("up", "try", DISPLAY, project).operations == {"same": 1}


@pytest.mark.engine
def test_a_program_that_fails_is_told_in_its_own_words(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in those of the engine around it."""

    def program() -> None:
        raise pulumi.RunError("lakehouse:prefix is too long")

    monkeypatch.setattr(deploy, "_program", program)
    with pytest.raises(DeployError, match="lakehouse:prefix is too long"):
        deploy.deploy("up", "try", DISPLAY, project)


@pytest.mark.engine
def test_a_setting_or_an_account_that_is_wrong_is_wrong_configuration(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the program's words alone, all of them, with the file to correct."""

    def program() -> None:
        raise ConfigError("try", "the credentials belong to account 1", "lakehouse:a is no setting")

    monkeypatch.setattr(deploy, "_program", program)
    with pytest.raises(UsageError) as caught:
        deploy.deploy("up", "try", DISPLAY, project)
    assert str(caught.value) == (
        "the credentials belong to account 1 (Pulumi.try.yaml); "
        "lakehouse:a is no setting (Pulumi.try.yaml)"
    )


@pytest.mark.engine
def test_another_passphrase_is_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says whose passphrase is meant; the salt in the stack's file is of the right one."""
    salt = "v1:0ofw1s67Blw=:v1:GRFgpd96t6gUhTff:e8VNa5aUkFlAsSmDaJf9Q/i1w5+FwA=="
    with (project / "Pulumi.try.yaml").open("a") as file:
        file.write(f"encryptionsalt: {salt}\n")
    with pytest.raises(UsageError, match="passphrase is not the one under which the secrets of"):
        deploy.deploy("up", "try", DISPLAY, project)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a")
    assert deploy.deploy("up", "try", DISPLAY, project).outputs == {"answer": 42}


@pytest.mark.engine
def test_a_backend_that_is_unknown_or_gone_is_one_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever is not logged in is told how to."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'gone'}")
    with pytest.raises(UsageError, match=r"backend of Pulumi is not there .*pulumi whoami"):
        deploy.deploy("up", "try", DISPLAY, project)
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    with pytest.raises(AccessError, match="log in to the backend"):
        deploy.deploy("up", "try", DISPLAY, project)


@pytest.mark.engine
def test_a_missing_plugin_is_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs the right one."""
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    monkeypatch.setattr(deploy, "_program", lambda: Nothing("nothing", {}, None))
    with pytest.raises(UsageError, match=f"plugin install resource aws {version('pulumi-aws')}"):
        deploy.deploy("up", "try", DISPLAY, project)


class Nothing(pulumi.CustomResource):
    """A resource of the AWS provider, which is not there."""

    def __init__(self, name: str, inputs: dict[str, Any], options: Any) -> None:
        super().__init__("aws:s3/bucket:Bucket", name, inputs, options)


@pytest.mark.engine
def test_a_locked_stack_is_busy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one update runs, a second is refused and leaves the first alone."""
    refused: list[LakehouseError] = []

    def program() -> None:
        try:
            deploy.deploy("preview", "try", DISPLAY, project)
            with deploy.open_stack("try", project, create=False) as second:
                deploy_run.run_on(second, "destroy", DISPLAY)
        except LakehouseError as error:
            refused.append(error)

    monkeypatch.setattr(deploy, "_program", lambda: None)
    deploy.deploy("up", "try", DISPLAY, project)
    with deploy.open_stack("try", project, create=False, program=program) as first:
        deploy_run.run_on(first, "up", DISPLAY)
    assert isinstance(refused[0], PipelineBusyError)
    assert "pulumi cancel --stack try" in str(refused[0])


def test_a_missing_cli_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing and where to get it."""
    (tmp_path / "Pulumi.try.yaml").write_text("config: {}\n")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="The Pulumi CLI is not on PATH"):
        deploy.deploy("preview", "try", DISPLAY, tmp_path)


def test_an_old_cli_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which version there is to be."""
    (tmp_path / "Pulumi.try.yaml").write_text("config: {}\n")
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho v2.0.0\n")
    (tmp_path / "pulumi").chmod(0o755)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UsageError, match=r"too old: .*3\."):
        deploy.deploy("preview", "try", DISPLAY, tmp_path)


def test_an_unknown_stack_lists_the_known_ones() -> None:
    """The stacks are those that have a settings file."""
    with pytest.raises(StackError, match="Known stacks: dev, local, prod"):
        deploy.deploy("preview", "nonsense", DISPLAY)


def failure(stderr: str, stdout: str = "") -> automation.CommandError:
    """Make the exception that the Automation API raises for what the CLI printed."""
    result = automation.CommandResult(stdout=stdout, stderr=stderr, code=255)
    return automation.errors.create_command_error(result)


@pytest.mark.parametrize(
    ("stderr", "kind", "sentence"),
    [
        ("error: the stack is currently locked by 1 lock(s)", PipelineBusyError, "pulumi cancel"),
        ("error: no stack named 'try' found", StackError, "lakehouse up --stack try"),
        ("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", UsageError, "set PULUMI"),
        ("error: ExpiredToken: the security token is expired", AccessError, "Sign in again"),
        ("error: get credentials: no role found", AccessError, "Set AWS_PROFILE or sign in"),
        ("error: AWS account ID not allowed: 1", UsageError, "aws:allowedAccountIds in Pulumi.try"),
        ('error: read ".pulumi/meta.yaml": AccessDenied', AccessError, "does not let you in"),
        ("error: EntityAlreadyExists: Role x", DeployError, "adopt it with `pulumi import`"),
        ("warning: x\n\x1b[31merror: the role is gone\x1b[0m", DeployError, "try': the role is"),
    ],
)
def test_what_the_cli_says_becomes_one_sentence(
    stderr: str, kind: Callable[..., Exception], sentence: str
) -> None:
    """Each known trouble has a class, a sentence and a way out."""
    with pytest.raises(LakehouseError) as caught, deploy_errors.plain_errors("try"):
        raise failure(stderr)
    assert type(caught.value) is kind
    assert sentence in str(caught.value)
