"""The real Pulumi engine over localaws: the CLI, the stand-in provider, and stacks to run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pulumi import automation

from lakehouse.program import program
from localaws import process
from localaws.bridge import stack_config
from tests.engine.projects import Project
from tests.engine.team import ACCOUNT_IN_THE_FILES, Team, client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
WHOLE = "?metadata=skip"
"""For the backend's address: no file of attributes, which a kill could leave cut off."""


@pytest.fixture(scope="session")
def pulumi_command(pulumi_root: Path) -> automation.PulumiCommand:
    """The Pulumi CLI."""
    return automation.PulumiCommand(str(pulumi_root))


@pytest.fixture(scope="session")
def server() -> Iterator[process.Server]:
    """One localaws for all engine tests."""
    with process.start() as running:
        yield running


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the PATH, with the stand-in for the AWS provider in it."""
    folder = tmp_path_factory.mktemp("plugins")
    script = folder / "pulumi-resource-aws"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m localaws.bridge.plugin "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def language_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the PATH, with the stand-in for Pulumi's Python host in it."""
    folder = tmp_path_factory.mktemp("host")
    script = folder / "pulumi-language-python"
    host = ROOT / "tests" / "engine" / "language_host.py"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{host}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return folder


def counts(changes: Mapping[Any, int] | None) -> dict[str, int]:
    """The numbers of resources by the name of the operation, which comes as text or as an enum."""
    return {str(getattr(kind, "value", kind)): count for kind, count in (changes or {}).items()}


class EngineStack:
    """A stack of the lakehouse on the real engine, with a backend of its own."""

    def __init__(self, stack: automation.Stack) -> None:
        self.stack = stack
        self.log: list[str] = []
        self.steps: set[str] = set()
        """What the last update did, as `operation type name`; nothing for what stayed the same."""

    def configure(self, settings: dict[str, Any]) -> None:
        """Set these settings; what is no text is JSON, as in the files."""
        texts = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in settings.items()
        }
        self.stack.set_all_config(
            {key: automation.ConfigValue(text) for key, text in texts.items()}
        )

    def up(self, *, refresh: bool = False) -> dict[str, int]:
        """Run an update, from what the engine knows or from what AWS tells now; the numbers of
        resources by kind of operation.
        """
        self.steps = set()
        result = self.stack.up(refresh=refresh, on_output=self.log.append, on_event=self._note_step)
        return counts(result.summary.resource_changes)

    def _note_step(self, event: automation.EngineEvent) -> None:
        if event.resource_pre_event is None:
            return
        step = event.resource_pre_event.metadata
        operation = str(getattr(step.op, "value", step.op))
        if operation not in {"same", "read", "refresh"}:
            self.steps.add(f"{operation} {step.type} {step.urn.rpartition('::')[2]}")

    def preview(self, *, refresh: bool = False) -> dict[str, int]:
        """What an update would do, to what the engine knows or to what AWS tells now."""
        result = self.stack.preview(refresh=refresh, on_output=self.log.append)
        return counts(result.change_summary)

    def destroy(self) -> dict[str, int]:
        """Delete everything."""
        result = self.stack.destroy(on_output=self.log.append)
        return counts(result.summary.resource_changes)

    def outputs(self) -> dict[str, Any]:
        """The exports."""
        return {key: output.value for key, output in self.stack.outputs().items()}


@pytest.fixture
def new_stack(
    pulumi_command: automation.PulumiCommand,
    server: process.Server,
    client: Callable[[str], Any],
    plugins: Path,
    tmp_path: Path,
) -> Callable[..., EngineStack]:
    """Return a function that makes a stack from one of the stack files, under a new name."""
    (tmp_path / "state").mkdir()
    environment = {
        "PATH": os.pathsep.join([str(plugins), os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}{WHOLE}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def make(
        file: str = "local",
        *,
        folder: Path = ROOT,
        run: Callable[[], None] = program,
        **config: Any,
    ) -> EngineStack:
        stack = automation.create_stack(
            stack_name=f"t{uuid4().hex[:8]}",
            project_name="lakehouse",
            program=run,
            opts=automation.LocalWorkspaceOptions(
                # A folder of its own: the engine writes the stack's settings into it.
                work_dir=str(tmp_path),
                pulumi_command=pulumi_command,
                env_vars=environment,
                project_settings=automation.ProjectSettings(name="lakehouse", runtime="python"),
            ),
        )
        made = EngineStack(stack)
        local = stack_config(ROOT / "Pulumi.local.yaml")
        services = json.loads(local["aws:endpoints"])[0]
        # The account is the server's; who may do what is named by account too.
        settings: dict[str, Any] = {
            key: value.replace(ACCOUNT_IN_THE_FILES, client("sts").get_caller_identity()["Account"])
            for key, value in stack_config(folder / f"Pulumi.{file}.yaml").items()
        }
        settings["aws:endpoints"] = [dict.fromkeys(services, server.endpoint)]
        made.configure({**settings, **config})
        return made

    return make


@pytest.fixture
def project(
    pulumi_root: Path,
    plugins: Path,
    server: process.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    """A project whose CLI, provider and backend are the test's own."""
    for folder in ("backend", "project"):
        (tmp_path / folder).mkdir()
    path = [str(pulumi_root / "bin"), str(plugins), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}{WHOLE}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return Project(tmp_path / "project", server.endpoint)


@pytest.fixture(scope="session")
def client(server: process.Server) -> Callable[[str], Any]:
    """Return a function that makes boto3 clients for the server."""

    return lambda service: client_of(server, service)


@pytest.fixture
def account() -> Iterator[process.Server]:
    """An account of the team's own: there is one bootstrap in each."""
    with process.start() as running:
        yield running


@pytest.fixture
def team(
    account: process.Server, pulumi_root: Path, plugins: Path, language_host: Path, tmp_path: Path
) -> Team:
    """A team that has just cloned the repository."""
    return Team(tmp_path, account, [pulumi_root / "bin", plugins, language_host])
