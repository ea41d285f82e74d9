"""The policy pack under the real Pulumi CLI: `preview --policy-pack`.

Pulumi starts a Python pack by its language host, which no registry has. Where there is none, the
CLI looks for `pulumi-analyzer-policy-python` on the PATH, the launcher of the releases before; the
one here is two lines long. Everything else is Pulumi's own: the CLI, the engine, what it shows to
the pack in a preview, and what it does with the answers.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi_aws as aws
import pytest
from pulumi import automation

from lakehouse.program import program

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
PACK = str(ROOT / "policy" / "pack")
EVERYTHING = {
    "lakehouse:network": "private",
    "lakehouse:alerts": "true",
    "lakehouse:schedule": "cron(0 3 ? * * *)",
    "lakehouse:analystPrincipals": ["arn:aws:iam::123456789012:role/analysts"],
}
"""Settings under which every kind of resource is declared."""


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a launcher of Python packs on the PATH: Pulumi starts it in the folder of the pack."""
    folder = tmp_path / "launcher"
    folder.mkdir()
    script = folder / "pulumi-analyzer-policy-python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u __main__.py "$1" "$2"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    return script


def previewed(stack: Any) -> str:
    """Preview with the pack; all that the CLI printed, whether it succeeded or not."""
    printed: list[str] = []
    try:
        stack.stack.preview(policy_packs=[PACK], on_output=printed.append)
    except automation.CommandError as error:
        printed = ["FAILED", str(error)]
    # Where the engine stops a program, the Automation API forgets to close the program's loop.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return "\n".join(printed)


def test_a_preview_keeps_the_rules_and_a_broken_one_is_stopped(
    launcher: Path, new_stack: Callable[..., Any]
) -> None:
    """The program passes before anything of it exists; one resource more that breaks rules stops
    the preview, and the CLI names resource, rule and pack.
    """
    assert launcher.exists()
    stack = new_stack(**EVERYTHING)
    passed = previewed(stack)
    assert not passed.startswith("FAILED"), passed
    assert "lakehouse@v1.0.0" in passed, "the CLI says which pack it asked"

    def broken() -> None:
        program()
        aws.s3.Bucket("stray", bucket="stray")

    stack.stack.workspace.program = broken
    stopped = previewed(stack)
    assert stopped.startswith("FAILED")
    told = set(re.findall(r"\[mandatory\]  (\S+)  \(aws:s3\S*:Bucket: (\S+)\)", stopped))
    assert {name for _, name in told} == {"stray"}, stopped
    assert {"bucket-public-access", "bucket-encryption", "bucket-tls-only"} <= {
        rule for rule, _ in told
    }


def test_without_a_language_host_the_cli_says_so(new_stack: Callable[..., Any]) -> None:
    """A deployment with rules that cannot be asked does not go on without them."""
    stack = new_stack()
    stack.stack.workspace.program = lambda: None
    told = previewed(stack)
    assert told.startswith("FAILED")
    assert "python" in told
