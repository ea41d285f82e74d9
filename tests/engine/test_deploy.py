"""`lakehouse preview | up | destroy` on the real engine: what they refuse, tell and survive."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pulumi
import pulumi_aws as aws
import pytest
import yaml
from pulumi import automation

from pipeline import deploy
from pipeline.errors import DeployError, PipelineBusyError, UsageError
from pipeline.progress import PlainDisplay

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws import process

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())


class Project:
    """A folder with a stack's settings, a backend of its own, and localaws in place of AWS."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.stack = f"d{uuid4().hex[:8]}"
        document = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
        self.config: dict[str, Any] = document["config"]
        services = self.config["aws:endpoints"][0]
        self.config["aws:endpoints"] = [dict.fromkeys(services, endpoint)]
        (folder / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
        self.set()

    def set(self, **changed: Any) -> None:
        """Change settings of the program's."""
        self.config.update({f"lakehouse:{key}": value for key, value in changed.items()})
        file = self.folder / f"Pulumi.{self.stack}.yaml"
        file.write_text(yaml.safe_dump({"config": self.config}), encoding="utf-8")

    def run(self, kind: Any, **choices: bool) -> Any:
        """Run one of the three commands."""
        return deploy.deploy(kind, self.stack, DISPLAY, self.folder, **choices)

    def pulumi(self, *arguments: str) -> str:
        """Run the CLI on the stack, as people do, and return what it printed."""
        return subprocess.run(
            ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"],  # noqa: S607
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def begin(self) -> subprocess.Popen[str]:
        """Start an `up` of the whole lakehouse in a process group of its own."""
        code = (
            "import io, sys; from pathlib import Path; from pipeline import deploy;"
            "from pipeline.progress import PlainDisplay;"
            "deploy.deploy('up', sys.argv[1], PlainDisplay(io.StringIO()), Path(sys.argv[2]))"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code, self.stack, str(self.folder)],
            cwd=ROOT,
            text=True,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )


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
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return Project(tmp_path / "project", server.endpoint)


def kept_bucket(name: str, *, forced: bool = False, kept: bool = False) -> None:
    """Declare a bucket under its own logical name."""
    aws.s3.Bucket(
        "data",
        bucket=name,
        force_destroy=forced,
        opts=pulumi.ResourceOptions(protect=kept, retain_on_delete=kept),
    )


def buckets(client: Callable[[str], Any], prefix: str) -> list[str]:
    """The names of the buckets that are there."""
    names = [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]
    return [name for name in names if name.startswith(prefix)]


def test_an_update_that_takes_data_away_is_refused_before_it_begins(
    project: Project, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it takes Pulumi's protection away in the same go, which Pulumi lets pass."""

    def declare(name: str, **how: bool) -> None:
        monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, **how))

    old, new = f"{project.stack}-old", f"{project.stack}-new"
    declare(old, kept=True)
    project.run("up")
    for how in ({"kept": True}, {}):
        declare(new, **how)
        for choice in (False, True):
            with pytest.raises(UsageError, match=r"has to keep: replace data .* of bucket"):
                project.run("up", delete_data=choice)
    assert buckets(client, project.stack) == [old]

    monkeypatch.setattr(deploy, "_program", lambda: None)
    with pytest.raises(UsageError, match=r"has to keep: delete data"):
        project.run("preview")

    declare(old, forced=True)
    assert project.run("up").operations == {"same": 1, "update": 1}
    declare(new, forced=True)
    with pytest.raises(UsageError, match=r"take data away: replace data .*--delete-data"):
        project.run("up")
    assert buckets(client, project.stack) == [old]
    told = project.run("up", delete_data=True).as_text()
    assert "replace data (aws:s3/bucket:Bucket) because of bucket" in told
    assert buckets(client, project.stack) == [new]
    project.run("destroy", delete_data=True)


def test_no_changes_means_none_of_anybody(
    project: Project, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change by hand shows with a refresh, a change in the program always; nothing is done."""
    name = f"{project.stack}-bucket"
    monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, forced=True))
    with pytest.raises(DeployError, match=r"differs from .*: create data"):
        project.run("up", expect_no_changes=True)
    assert buckets(client, project.stack) == []
    project.run("up")
    for kind in ("preview", "up"):
        assert project.run(kind, expect_no_changes=True, refresh=True).changes == ()

    client("s3").delete_bucket(Bucket=name)
    assert project.run("preview", expect_no_changes=True).changes == ()
    with pytest.raises(DeployError, match=r"differs from .*: create data .*--refresh"):
        project.run("preview", expect_no_changes=True, refresh=True)
    assert buckets(client, project.stack) == []
    assert project.run("up", refresh=True).operations["create"] == 1
    assert buckets(client, project.stack) == [name]
    project.run("destroy", delete_data=True)


def test_what_an_interrupted_update_had_begun_is_told_and_done_again(
    project: Project, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine knows that it began and not how it ended; the next update finds out."""
    name = f"{project.stack}-bucket"
    monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, forced=True))
    project.run("up")
    with deploy.open_stack(project.stack, project.folder, create=False) as stack:
        exported = stack.export_stack()
        assert exported.deployment is not None
        resources = exported.deployment["resources"]
        (made,) = [one for one in resources if one["type"] == "aws:s3/bucket:Bucket"]
        # As a kill leaves it: the bucket is there, and only its beginning is written down.
        others = [one for one in resources if one is not made]
        begun = {key: value for key, value in made.items() if key not in {"id", "outputs"}}
        left = {"pending_operations": [{"resource": begun, "type": "creating"}]}
        killed = {**exported.deployment, "resources": others, **left}
        stack.import_stack(automation.Deployment(version=exported.version, deployment=killed))
    told = io.StringIO()
    change = deploy.deploy("up", project.stack, PlainDisplay(told), project.folder)
    assert "an earlier update was interrupted" in told.getvalue()
    assert "creating data" in told.getvalue()
    assert change.operations["create"] == 1
    again = io.StringIO()
    deploy.deploy("up", project.stack, PlainDisplay(again), project.folder)
    assert "interrupted" not in again.getvalue()
    assert project.run("up", expect_no_changes=True, refresh=True).changes == ()
    project.run("destroy", delete_data=True)
    assert buckets(client, project.stack) == []


@pytest.mark.timeout(900)  # two whole deployments on the engine, on a machine that may be busy
def test_a_killed_update_leaves_a_lock_and_the_next_one_ends_it(
    project: Project, client: Callable[[str], Any]
) -> None:
    """Half way, without a word: after `pulumi cancel` the next update makes all of it."""
    prefix = f"music-{project.stack}"
    running = project.begin()
    try:
        while not buckets(client, prefix):
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    with pytest.raises(PipelineBusyError, match=f"pulumi cancel --stack {project.stack}"):
        project.run("up")
    project.pulumi("cancel", "--yes")
    made = project.run("up")
    assert made.operations["create"] > 0
    assert set(buckets(client, prefix)) == set(made.outputs["bucket_names"].values())
    assert project.run("preview", expect_no_changes=True).changes == ()
    project.run("destroy", delete_data=True)
    assert buckets(client, prefix) == []
