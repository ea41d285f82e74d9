"""The deployment of `make smoke-aws` on the real Pulumi engine: its folder, and what is left."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pytest

from pipeline.errors import DeployError, UsageError
from pipeline.progress import PlainDisplay
from smoke.deployment import EngineDeployment, settings

if TYPE_CHECKING:
    from pulumi import automation

    from localaws.process import Server

pytestmark = pytest.mark.engine


def test_a_stack_that_cannot_go_is_told_and_found_again(
    pulumi_command: automation.PulumiCommand,
    plugins: Path,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its state stays until it is gone; another process that knows the name finishes the work."""
    path = [str(Path(pulumi_command.command).parent), str(plugins), os.environ["PATH"]]
    environment = {
        "PATH": os.pathsep.join(path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    protected = True

    def program() -> None:
        options = pulumi.ResourceOptions(protect=protected)
        aws.ssm.Parameter("kept", name="/smoke/kept", type="String", value="v", opts=options)

    def opened() -> EngineDeployment:
        display = PlainDisplay(io.StringIO())
        return EngineDeployment("smoke-a1", display, tmp_path / "smoke", program)

    deployment = opened()
    there = {
        "aws:endpoints": [dict.fromkeys(("s3", "ssm", "sts"), server.endpoint)],
        "aws:accessKey": "a",
        "aws:secretKey": "b",
    }
    deployment.prepare({**settings("123456789012", "us-east-1"), **there})
    assert deployment.up()["create"] == 2
    with pytest.raises(DeployError, match=r"kept.* cannot be deleted"):
        deployment.destroy()
    assert opened().left() == ["aws:ssm/parameter:Parameter /smoke/kept"]
    protected = False
    opened().up()
    opened().destroy()
    assert not (tmp_path / "smoke" / "smoke-a1").exists()
    with pytest.raises(UsageError, match="no stack 'smoke-a1'"):
        opened().destroy()
