"""What a run leaves for the next: a fingerprint that spares it, a state that survives a kill."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest

from localaws.bridge import fingerprint, provision
from localaws.errors import StateFormatError, UnsupportedError
from tests.local.bridge_programs import REGION, TRUST, parameter, value_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localaws.process import Server


def test_an_unchanged_fingerprint_skips_everything(up: Callable[..., Any], name: str) -> None:
    """The outputs of the last run come back, and the program does not even run."""
    outputs = up(lambda: pulumi.export("made", parameter(name).name), fingerprint="same")

    def fails() -> None:
        pytest.fail("the program ran")

    assert up(fails, fingerprint="same") == outputs


def test_a_run_that_failed_is_not_skipped_the_next_time(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """Only a run that came to its end counts, even after an older one with this fingerprint."""
    up(lambda: parameter(name), fingerprint="a")

    def breaks() -> None:
        parameter(name, "w")
        aws.sqs.Queue("q")

    with pytest.raises(UnsupportedError):
        up(breaks, fingerprint="b")
    up(lambda: parameter(name), fingerprint="a")
    assert value_of(client, name) == "v"


def test_without_a_state_what_is_there_is_taken_over(
    up: Callable[..., Any], client: Any, name: str
) -> None:
    """A run that was killed between making and remembering converges the next time."""

    def program() -> None:
        bucket = aws.s3.Bucket("b", bucket=name)
        role = aws.iam.Role("r", name=name, assume_role_policy=TRUST)
        database = aws.glue.CatalogDatabase("d", name=name)
        workgroup = aws.athena.Workgroup("w", name=name)
        aws.athena.NamedQuery(
            "q", name="q", workgroup=workgroup.name, database=database.name, query="SELECT 1"
        )
        pulumi.export("all", [bucket.arn, role.arn, database.arn, workgroup.arn])

    assert up(program, state=None) == up(program, state=None)
    queries = client("athena").list_named_queries(WorkGroup=name)["NamedQueryIds"]
    assert len(queries) == 1


def test_a_kill_between_two_resources_loses_neither(
    server: Server, client: Any, name: str, tmp_path: Path
) -> None:
    """The state is written after each resource; the next run makes only what is missing."""
    script = f"""
import os, signal
import pulumi_aws as aws
from localaws.bridge import provision
from pathlib import Path

def program():
    first = aws.ssm.Parameter("first", name="{name}-1", type="String", value="v")
    first.id.apply(lambda _: os.kill(os.getpid(), signal.SIGKILL))

provision(program, project="tests", stack="kill", config={{}}, endpoint="{server.endpoint}",
          region="us-east-1", state=Path({str(tmp_path / "s.json")!r}))
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode < 0

    def program() -> None:
        aws.ssm.Parameter("first", name=f"{name}-1", type="String", value="v")
        aws.ssm.Parameter("second", name=f"{name}-2", type="String", value="v")

    provision(
        program,
        project="tests",
        stack="kill",
        config={},
        endpoint=server.endpoint,
        region=REGION,
        state=tmp_path / "s.json",
    )
    found = client("ssm").get_parameters(Names=[f"{name}-1", f"{name}-2"])["Parameters"]
    assert [item["Version"] for item in found] == [1, 1]


@pytest.mark.parametrize("text", ["", "[]", '{"version": 99}', '{"version": 1}'])
def test_a_state_file_that_is_none_is_left_alone(
    up: Callable[..., Any], tmp_path: Path, text: str
) -> None:
    """The error names the file, and its content stays for whoever looks into it."""
    file = tmp_path / "stack.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StateFormatError, match=r"stack\.json"):
        up(lambda: None)
    assert file.read_text(encoding="utf-8") == text


def test_a_fingerprint_changes_with_code_and_settings_only(tmp_path: Path) -> None:
    """Neither time nor other files count; a changed line or setting does."""
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    before = fingerprint([tmp_path], {"k": "v"})
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert fingerprint([tmp_path], {"k": "v"}) == before
    assert fingerprint([tmp_path], {"k": "w"}) != before
    (tmp_path / "a.py").write_text("x = 2\n", encoding="utf-8")
    assert fingerprint([tmp_path], {"k": "v"}) != before
