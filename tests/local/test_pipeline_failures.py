"""What stands in the way of a run is told: a job that fails or is busy, a taken port, a file."""

from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import active_run, attempts, job, local
from pipeline.errors import PipelineBusyError, RunFailedError
from pipeline.progress import PlainDisplay, Stages
from pipeline.wait import SystemClock
from tests.local.lakehouse_command import lakehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def stack() -> Iterator[Any]:
    """A local stack in memory, for tests that break it."""
    with local.server(None) as running:
        yield local.provision(running, None)


def replace_script(stack: Any, text: str) -> None:
    """Put another script in the place of the job's."""
    found = stack.aws.glue.get_job(JobName=stack.outputs.job_name)["Job"]
    bucket, _, key = found["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    stack.aws.s3.put_object(Bucket=bucket, Key=key, Body=text.encode())


def test_a_failing_job_is_told_with_its_reason_and_its_log(stack: Any) -> None:
    """The script's last words are in the message."""
    replace_script(stack, "print('reading song 7')\nraise SystemExit('song 7 is a poem')\n")
    stages = Stages(PlainDisplay(io.StringIO()), SystemClock())
    with pytest.raises(RunFailedError) as failure:
        attempts.run_job(stack.aws, stack.outputs.job_name, "r", stages, {})
    assert "ended as FAILED" in str(failure.value)
    assert "song 7 is a poem" in str(failure.value)
    assert "  reading song 7" in str(failure.value)


def test_a_second_run_is_refused_while_the_first_holds_the_job(stack: Any) -> None:
    """Exit code 3 is for this: the message names the run that is under way."""
    replace_script(stack, "import time\ntime.sleep(600)\n")
    name = stack.outputs.job_name
    states: list[str] = []
    first = job.start(stack.aws, name, "one", SystemClock())
    try:
        with pytest.raises(PipelineBusyError, match=first):
            job.start(stack.aws, name, "two", SystemClock())
        assert job.start(stack.aws, name, "one", SystemClock()) == first
    finally:
        # To its end: while it is being stopped it holds the job, which other tests run, too.
        active_run.stop(stack.aws, name, SystemClock(), states.append)
    assert states[-1] == "STOPPED"


def test_a_taken_port_is_one_sentence() -> None:
    """It names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = lakehouse("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"lakehouse: Port {port} on 127.0.0.1 is taken.")


def test_a_state_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_text("")
    done = lakehouse("run", "--local", "--state", tmp_path / "file", "--source", tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
