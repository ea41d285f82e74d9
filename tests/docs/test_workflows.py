"""The workflows for GitHub: valid, without keys, and made of commands that exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pipeline.cli import cli, run_command
from pipeline.deploy_plan import Change

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "bin"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "environment" / "action.yml"
MAKE = shutil.which("make") or "make"


def tool(name: str) -> str:
    """A tool that the project builds with Go, else the one on the PATH."""
    found = str(BIN / name) if (BIN / name).exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} at build/bin/{name} or on the PATH: it takes Go")
    return found


def loaded(file: Path) -> dict[str, Any]:
    """The file; YAML reads the key `on` as true."""
    document: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in document.items()}


def steps(file: Path) -> list[dict[str, Any]]:
    """All steps of all jobs, or of a composite action."""
    document = loaded(file)
    jobs = document.get("jobs", {"runs": document.get("runs")})
    return [step for job in jobs.values() for step in job["steps"]]


def commands(program: str) -> list[list[str]]:
    """Every command line of the workflows that runs `program`, as words."""
    found = []
    for file in (*WORKFLOWS, ACTION):
        for step in steps(file):
            for line in str(step.get("run", "")).splitlines():
                words = shlex.split(line.partition(" > ")[0])
                if words and Path(words[0]).name == program:
                    found.append(words[1:])
    return found


def test_the_linter_finds_nothing() -> None:
    """Syntax, expressions, events, permissions and the inputs of actions."""
    linted = subprocess.run(
        [tool("actionlint"), *map(str, WORKFLOWS)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout


def test_there_is_one_for_each_occasion() -> None:
    """Pull requests preview, the main branch deploys dev, a release deploys production."""
    events = {file.stem: loaded(file)["on"] for file in WORKFLOWS}
    assert events == {
        "pull-request": {"pull_request": None},
        "main": {"push": {"branches": ["main"]}},
        "release": {"release": {"types": ["published"]}},
    }


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_no_workflow_holds_a_key_or_more_rights_than_it_needs(file: Path) -> None:
    """Tokens of GitHub instead of keys, asked for by the jobs that go to AWS alone."""
    document, text = loaded(file), file.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in text, "it would hand rights to a fork's code"
    assert document["permissions"] == {"contents": "read"}
    assert document["concurrency"]["group"]
    for name, job in document["jobs"].items():
        to_aws = any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"])
        assert ("id-token" in job.get("permissions", {})) == to_aws, name
        assert job["timeout-minutes"] <= 90


def test_forks_preview_nothing_and_only_an_approved_run_reaches_production() -> None:
    """A deployment that has begun is never cut off by the next."""
    files = {file.stem: loaded(file) for file in WORKFLOWS}
    preview = files["pull-request"]["jobs"]["preview"]
    assert preview["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert "PREVIEWER_ROLE_ARN" in str(preview)
    assert "DEPLOYER_ROLE_ARN" not in str(files["pull-request"])
    assert files["release"]["jobs"]["prod"]["environment"] == "prod"
    # The token of a job with an environment names that instead of the branch.
    assert "environment" not in files["main"]["jobs"]["dev"]
    for name in ("main", "release"):
        assert files[name]["concurrency"]["cancel-in-progress"] is False


def test_every_action_has_its_version_and_the_reason_is_given() -> None:
    """A major version or a whole hash, never a branch."""
    for file in (*WORKFLOWS, ACTION):
        for step in steps(file):
            used = step.get("uses", "./")
            if not used.startswith("./"):
                assert re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})", used), used
        if file != ACTION:
            assert file.read_text(encoding="utf-8").startswith("# Actions are named by their major")


@pytest.mark.parametrize("words", commands("lakehouse"), ids=" ".join)
def test_every_lakehouse_command_is_one(words: list[str]) -> None:
    """Each command and each of its options is known to the command line."""
    told = CliRunner().invoke(cli, [words[0], "--help"])
    assert told.exit_code == 0, told.output
    for option in (word for word in words if word.startswith("--")):
        assert option in told.output


@pytest.mark.parametrize("words", commands("pulumi"), ids=" ".join)
def test_every_pulumi_command_is_one(words: list[str]) -> None:
    """The CLI that the project builds knows each option."""
    told = subprocess.run(
        [tool("pulumi"), words[0], "--help"], capture_output=True, text=True, check=True
    )
    for option in (word for word in words if word.startswith("--")):
        assert option in told.stdout
    if "--policy-pack" in words:
        assert (ROOT / words[words.index("--policy-pack") + 1] / "PulumiPolicy.yaml").is_file()
    assert (ROOT / f"Pulumi.{words[words.index('--stack') + 1]}.yaml").is_file()


def test_every_other_command_is_there() -> None:
    """`make` knows its target, and the tests are run by the project's own script."""
    for words in commands("make"):
        subprocess.run(
            [MAKE, "--dry-run", *words], cwd=ROOT, check=True, capture_output=True, text=True
        )
    assert commands("run") == [[]]
    assert (ROOT / ".ci" / "run").is_file()


def test_the_operator_is_read_from_what_up_prints(tmp_path: Path) -> None:
    """The very line of the workflow, on the JSON object of `lakehouse up --json`."""
    (step,) = [
        step
        for step in steps(ROOT / ".github" / "workflows" / "main.yml")
        if step.get("id") == "up"
    ]
    (line,) = [line for line in step["run"].splitlines() if line.startswith("echo ")]
    change = Change("up", "dev", {"create": 1}, {"operator_role_arn": "arn:aws:iam::1:role/o"})
    (tmp_path / "up.json").write_text(json.dumps({"status": "succeeded", **change.as_json()}))
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-e", "-c", line],  # noqa: S607
        cwd=tmp_path,
        check=True,
        env={"PATH": python, "GITHUB_OUTPUT": str(tmp_path / "told")},
    )
    assert (tmp_path / "told").read_text() == "operator=arn:aws:iam::1:role/o\n"


def test_the_sample_of_the_smoke_test_can_be_made(tmp_path: Path) -> None:
    """The very arguments, into another folder."""
    (words,) = [words for words in commands("lakehouse") if words[0] == "sample"]
    assert run_command(["sample", str(tmp_path / "sample"), *words[2:]]) == 0
    assert list((tmp_path / "sample").rglob("*.json"))
