"""A run that is stopped, that takes too long or whose server ends leaves no process behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from localaws import process
from tests.local.script_jobs import PATIENCE, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAITING = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"])
print(os.getpid(), child.pid, os.getcwd())
time.sleep(300)
"""


def gone(pid: int) -> bool:
    """Tell whether the process ended; a zombie that nobody collects yet counts as ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = f"/proc/{pid}/stat"
        if os.path.exists("/proc/self/stat"):  # noqa: PTH110 - the file may vanish meanwhile
            try:
                with open(stat, encoding="ascii") as file:  # noqa: PTH123
                    if file.read().rpartition(")")[2].split()[0] == "Z":
                        return True
            except FileNotFoundError:
                return True
        time.sleep(0.02)
    return False


def test_stop_kills_the_job_and_what_it_started(jobs: Jobs) -> None:
    """A second run is refused while one goes on; stopping ends the whole process group."""
    job = jobs.create(WAITING)
    run_id = jobs.glue.start_job_run(JobName=job)["JobRunId"]
    pid, child, folder = jobs.wait_for_line(run_id).split(maxsplit=2)
    assert jobs.state(job, run_id)["JobRunState"] == "RUNNING"
    with pytest.raises(jobs.glue.exceptions.ConcurrentRunsExceededException):
        jobs.glue.start_job_run(JobName=job)
    reply = jobs.glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id, "jr_absent"])
    assert reply["SuccessfulSubmissions"] == [{"JobName": job, "JobRunId": run_id}]
    assert [error["JobRunId"] for error in reply["Errors"]] == ["jr_absent"]
    assert jobs.wait(job, run_id)["JobRunState"] == "STOPPED"
    assert gone(int(pid))
    assert gone(int(child))
    assert not os.path.exists(folder)  # noqa: PTH110 - the path comes from the job's own output
    again = jobs.glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    assert "STOPPED" in again["Errors"][0]["ErrorDetail"]["ErrorMessage"]


@pytest.fixture
def doomed(connect: Callable[..., Any]) -> Iterator[tuple[process.Server, list[int]]]:
    """Return a server of its own with a job under way, and the pids of the job's processes."""
    with process.start() as server:
        jobs = Jobs(connect(server))
        job = jobs.create(WAITING)
        run_id = jobs.glue.start_job_run(JobName=job)["JobRunId"]
        pids = [int(word) for word in jobs.wait_for_line(run_id).split()[:2]]
        yield server, pids


def test_job_ends_with_a_clean_stop_of_the_server(
    doomed: tuple[process.Server, list[int]],
) -> None:
    """Closing the server leaves no process of a job behind."""
    server, pids = doomed
    server.close()
    assert all(gone(pid) for pid in pids)


def test_job_ends_when_the_server_is_killed(doomed: tuple[process.Server, list[int]]) -> None:
    """Not even a kill of the server leaves a job that goes on committing."""
    server, pids = doomed
    os.kill(server.pid, 9)
    assert all(gone(pid) for pid in pids)


QUICK_MINUTES = """
from localaws import glue_job_runs
from localaws.startup import serve
glue_job_runs.MINUTE = 0.5
serve(port=0, state=None, exit_with_parent=True)
"""


def test_run_that_takes_too_long_times_out(connect: Callable[..., Any]) -> None:
    """A run is killed after Timeout minutes (here half a second each) and says so."""
    child = subprocess.Popen(
        [sys.executable, "-c", QUICK_MINUTES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        server = SimpleNamespace(endpoint=json.loads(child.stdout.readline())["endpoint"])
        jobs = Jobs(connect(server))
        run = jobs.run(jobs.create(WAITING, Timeout=16))
        assert run["JobRunState"] == "TIMEOUT"
        assert "timeout of 16 minutes" in run["ErrorMessage"]
        assert gone(int(jobs.output(run)[0].split()[0]))
        child.communicate()
