"""Deployments that are killed, misconfigured or not to be destroyed.

What an `up` twice changes, and what was changed by hand, is in tests/engine/test_stack.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from localaws import process
from pipeline.deletion import require_both_keys
from pipeline.deploy_errors import plain_errors
from pipeline.errors import PipelineBusyError, UsageError
from tests.engine.conftest import client, new_stack, plugins, pulumi_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["client", "new_stack", "plugins", "pulumi_command"]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 200.0
UP = """
import sys
from pulumi import automation
from lakehouse.program import program
folder, name, root = sys.argv[1:]
stack = automation.select_stack(
    name, project_name="lakehouse", program=program,
    opts=automation.LocalWorkspaceOptions(
        work_dir=folder, pulumi_command=automation.PulumiCommand(root),
        project_settings=automation.ProjectSettings(name="lakehouse", runtime="python"),
    ),
)
stack.up()
"""


@pytest.fixture(scope="session")
def server() -> Iterator[process.Server]:
    """A localaws of these tests' own."""
    with process.start() as running:
        yield running


def buckets(client: Callable[[str], Any], stack: str) -> list[str]:
    """The stack's buckets, as S3 lists them."""
    return [one["Name"] for one in client("s3").list_buckets()["Buckets"] if stack in one["Name"]]


def kill_half_way(stack: automation.Stack, root: Path, made: Callable[[], int]) -> None:
    """Begin an `up` in a process group of its own and kill all of it when some things exist."""
    workspace: Any = stack.workspace
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(workspace.work_dir), stack.name, str(root)],
        cwd=ROOT,
        env={**os.environ, **workspace.env_vars},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        deadline = time.monotonic() + PATIENCE
        while made() < 3:
            assert running.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)


@pytest.mark.engine
def test_an_up_that_is_killed_half_way(
    new_stack: Callable[..., Any], client: Callable[[str], Any], pulumi_root: Path
) -> None:
    """Fault 19: the stack is locked, which is told with the way out; then an up converges."""
    stack = new_stack()
    name = stack.stack.name
    kill_half_way(stack.stack, pulumi_root, lambda: len(buckets(client, name)))
    with (
        pytest.raises(PipelineBusyError, match=f"pulumi cancel --stack {name}"),
        plain_errors(name),
    ):
        stack.up()
    stack.stack.cancel()
    # What was being made when it was killed is unknown to the engine: it looks, then goes on.
    stack.up(refresh=True)
    assert stack.preview().keys() == {"same"}
    assert len(buckets(client, name)) == 9
    assert stack.outputs()["landing_bucket"] in buckets(client, name)


@pytest.mark.engine
def test_prod_with_objects_is_not_destroyed(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """Fault 23: neither by the pipeline, whatever it is told, nor by the engine itself."""
    stack = new_stack(
        **{
            "lakehouse:environment": "prod",
            "lakehouse:allowDataDeletion": "false",
            "lakehouse:operatorPrincipals": ["arn:aws:iam::123456789012:role/team"],
        }
    )
    stack.up()
    bronze = stack.outputs()["bronze_bucket"]
    client("s3").put_object(Bucket=bronze, Key="songs/part-0.parquet", Body=b"data")
    with pytest.raises(UsageError, match="nothing was deleted"):
        require_both_keys(stack.stack, delete_data=True)
    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert client("s3").get_object(Bucket=bronze, Key="songs/part-0.parquet")["Body"].read()


@pytest.mark.engine
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lakehouse:environment": ""}, ("lakehouse:environment", "dev or prod")),
        ({"lakehouse:workerCount": "many"}, ("lakehouse:workerCount = 'many'", "whole number")),
        ({"lakehouse:workerCuont": "3"}, ("did you mean lakehouse:workerCount?",)),
        (
            {"lakehouse:environment": "prod", "lakehouse:allowDataDeletion": "true"},
            ("lakehouse:allowDataDeletion",),
        ),
        ({"lakehouse:network": "private", "lakehouse:vpcCidr": "10.0.0.0/33"}, ("vpcCidr",)),
        ({"lakehouse:prefix": "a-prefix-that-is-much-too-long"}, ("lakehouse:prefix",)),
    ],
    ids=["missing", "wrong type", "unknown", "prod with deletion", "bad range", "too long"],
)
def test_a_mistake_in_the_settings(
    new_stack: Callable[..., Any],
    client: Callable[[str], Any],
    settings: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    """Fault 21: the error names key and file, before any resource is made."""
    stack = new_stack(**settings)
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    told = str(caught.value)
    for word in (*words, f"Pulumi.{stack.stack.name}.yaml"):
        assert word in told
    assert "Traceback" not in told
    assert buckets(client, stack.stack.name) == []
