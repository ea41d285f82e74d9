"""`lakehouse up --stack local` onto a running `lakehouse serve`, and the same stack in Pulumi."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from lakehouse.program import program
from pipeline import deploy
from pipeline.doctor.examination import examine_stack
from pipeline.progress import PlainDisplay
from pipeline.target import stack_on_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    """What `lakehouse serve` says when it is ready."""
    serving = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "serve", "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert serving.stdout is not None
    try:
        yield json.loads(serving.stdout.readline())
    finally:
        serving.terminate()
        serving.wait()
        serving.stdout.close()


@pytest.fixture
def project(
    served: dict[str, Any],
    pulumi_root: Path,
    plugins: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The project as it is in the repository, but for the port of its endpoints."""
    for folder in ("backend", "project"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path / "project")
    port = served["endpoint"].rpartition(":")[2]
    text = (ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8")
    assert ":4566" in text
    (tmp_path / "project" / "Pulumi.local.yaml").write_text(text.replace(":4566", f":{port}"))
    path = [str(pulumi_root / "bin"), str(plugins), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path / "project"


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a project."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.timeout(900)  # a whole deployment on the engine, on a machine that may be busy
def test_the_local_stack_goes_onto_what_is_served_and_is_pulumis_too(
    project: Path, served: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline finds it by its parameter, Pulumi sees no change in it, and the doctor knows
    its names for its own. No file of the project is written to.
    """
    before = contents(project)
    made = deploy.deploy("up", "local", DISPLAY, project)
    assert set(made.operations) == {"create"}
    assert made.outputs["operator_role_arn"].startswith("arn:aws:iam::")

    # As `pulumi preview` opens the stack: by project and name in the same backend.
    other = tmp_path / "other"
    shutil.copytree(project, other)
    stack = automation.select_stack(
        "local",
        project_name="lakehouse",
        program=program,
        opts=automation.LocalWorkspaceOptions(work_dir=str(other)),
    )
    assert stack.preview(expect_no_changes=True).change_summary == {
        "same": made.operations["create"]
    }
    assert stack.outputs()["job_name"].value == made.outputs["job_name"]

    for name, value in served["environment"].items():
        monkeypatch.setenv(name, value)
    target = stack_on_aws("local", None)
    assert target.outputs.landing_bucket == made.outputs["landing_bucket"]
    target.aws.s3.head_bucket(Bucket=target.outputs.landing_bucket)

    found = {one.check: one for one in examine_stack("local", None, DISPLAY, project)}
    assert "problem" not in {one.status for one in found.values()}
    assert found["buckets"].message == "9 of 9 buckets are there, as Pulumi's state says"
    assert contents(project) == before
