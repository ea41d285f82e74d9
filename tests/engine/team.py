"""A team of the project: its checkout, its account on localaws, and the shell that it types into.

The CLI and the engine are Pulumi's own; provider and Python host are stand-ins. What GitHub does is
played: an action that signs in assumes the role that the workflow names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml

if TYPE_CHECKING:
    from localaws.process import Server

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_IN_THE_FILES = "111122223333"
"""AWS's own account for examples, which the stack files name."""
FILES = ("Pulumi.dev.yaml", "Pulumi.prod.yaml", "bootstrap/Pulumi.account.yaml")
NOT_COPIED = (".git", ".venv*", "build", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
ENDPOINTS = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]["aws:endpoints"]
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


class Team:
    """A checkout of the repository, a shell in it, and an account of localaws."""

    def __init__(self, home: Path, server: Server, path: list[Path]) -> None:
        self.server = server
        self.checkout = home / "checkout"
        self._sts = self.client("sts")
        self.account = self._sts.get_caller_identity()["Account"]
        shutil.copytree(ROOT, self.checkout, ignore=shutil.ignore_patterns(*NOT_COPIED))
        (self.checkout / ".venv").symlink_to(sys.prefix)
        for file in FILES:
            self.edit(file, {"aws:endpoints": [dict.fromkeys(ENDPOINTS[0], server.endpoint)]})
        self.environment = {
            **server.environment(),
            "PATH": os.pathsep.join([*map(str, path), f"{sys.prefix}/bin", os.environ["PATH"]]),
            # The environment holds the project by a link to the files that are tested.
            "PYTHONPATH": str(self.checkout),
            # Instead of `pulumi login --local`, which is in the home of whoever runs the tests.
            "PULUMI_BACKEND_URL": f"file://{home}",
            "PULUMI_HOME": str(home / "pulumi"),
            "PULUMI_CONFIG_PASSPHRASE": "of a test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_CONFIRMATIONS": "true",  # for who would sit there and press a key
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client for the account."""
        return client_of(self.server, service)

    def edit(self, file: str, settings: dict[str, Any]) -> None:
        """Put the team's own account and settings into a stack's file, as its comments ask."""
        path = self.checkout / file
        text = path.read_text(encoding="utf-8").replace(ACCOUNT_IN_THE_FILES, self.account)
        document = yaml.safe_load(text)
        document["config"].update(settings)
        path.write_text(yaml.safe_dump(document), encoding="utf-8")

    def shell(self, script: str, folder: str = ".") -> str:
        """Run the lines as a workflow's shell does; what they printed."""
        ran = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],  # noqa: S607
            cwd=self.checkout / folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def sign_in(self, role: str) -> None:
        """What the action that configures credentials does."""
        assumed = self._sts.assume_role(RoleArn=role, RoleSessionName="workflow")
        given = assumed["Credentials"]
        self.environment.update(
            AWS_ACCESS_KEY_ID=given["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"],
            AWS_SESSION_TOKEN=given["SessionToken"],
        )

    def job(self, workflow: str, name: str, variables: dict[str, str]) -> list[str]:
        """Run a job of a workflow step by step; what each step with commands printed."""
        file = self.checkout / ".github" / "workflows" / f"{workflow}.yml"
        job = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"][name]
        known = {f"vars.{key}": value for key, value in variables.items()}
        for key, value in job["env"].items():
            self.environment[key] = filled(value, known)
        printed = []
        for number, step in enumerate(job["steps"]):
            if step.get("uses", "").startswith("aws-actions/configure-aws-credentials@"):
                self.sign_in(filled(step["with"]["role-to-assume"], known))
            if "run" in step:
                told = self.checkout.parent / f"{workflow}-{number}"
                self.environment["GITHUB_OUTPUT"] = str(told)
                printed.append(self.shell(filled(step["run"], known)))
                for line in told.read_text().splitlines() if told.exists() else ():
                    key, _, value = line.partition("=")
                    known[f"steps.{step['id']}.outputs.{key}"] = value
        return printed


def client_of(server: Server, service: str) -> Any:
    """A boto3 client for a server."""
    return boto3.client(
        service,  # type: ignore[call-overload] # the name is only known at run time
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def filled(text: str, known: dict[str, str]) -> str:
    """The text with the workflow's expressions in it evaluated."""
    return EXPRESSION.sub(lambda found: known[found[1]], text)
