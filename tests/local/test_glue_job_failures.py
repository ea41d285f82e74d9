"""A run that fails says why: the script's own words, or what localaws cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.script_jobs import Jobs


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise ValueError('bad row 7')", "ValueError: bad row 7"),
        ("import sys\nprint('landing is empty', file=sys.stderr)\nsys.exit(3)", "landing is empty"),
        ("import sys\nsys.exit('no input')", "no input"),
        ("import sys\nsys.exit(4)", "SystemExit: 4"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "signal SIGKILL"),
        ("def broken(:", "SyntaxError: "),
        ("import awsglue.context", "ModuleNotFoundError: localaws has no awsglue"),
    ],
)
def test_failure_says_what_ended_the_script(jobs: Jobs, script: str, message: str) -> None:
    """A script that fails makes its run FAILED with the reason."""
    run = jobs.run(jobs.create(script))
    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_traceback_begins_in_the_script(jobs: Jobs) -> None:
    """The error log holds the script's traceback without the runner's own frames."""
    run = jobs.run(jobs.create("def f():\n    raise KeyError('x')\nf()"))
    trace = "\n".join(jobs.lines("/aws-glue/jobs/error", run["Id"]))
    assert "KeyError: 'x'" in trace
    assert "glue_job_runner" not in trace


def test_missing_script_is_named(jobs: Jobs) -> None:
    """A run whose script was never uploaded fails with the script's path."""
    job = jobs.create("pass")
    jobs.s3.delete_object(Bucket=jobs.bucket, Key=f"{job}.py")
    run = jobs.run(job)
    assert run["JobRunState"] == "FAILED"
    assert f"s3://{jobs.bucket}/{job}.py does not exist" in run["ErrorMessage"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://b/x.py"}}, "pythonshell"),
        ({"DefaultArguments": {"--job-language": "scala"}}, "Scala"),
        (
            # Without --no-index pip would look for another version of it.
            {"DefaultArguments": {"--additional-python-modules": "boto3"}},
            "--additional-python-modules",
        ),
    ],
)
def test_unsupported_jobs_fail_by_name(jobs: Jobs, settings: dict[str, Any], named: str) -> None:
    """What localaws cannot run is refused with its name, never run half."""
    run = jobs.run(jobs.create("print(1)", **settings))
    assert run["JobRunState"] == "FAILED"
    assert "localaws does not support" in run["ErrorMessage"]
    assert named in run["ErrorMessage"]


def test_failed_run_is_retried_as_often_as_the_job_says(jobs: Jobs) -> None:
    """With MaxRetries, a failed run is followed by attempts with ids of their own."""
    job = jobs.create("raise SystemExit('no')", MaxRetries=1)
    first = jobs.run(job)
    run = jobs.wait(job, f"{first['Id']}_attempt_1")
    assert (run["JobRunState"], run["Attempt"]) == ("FAILED", 1)
    assert run["PreviousRunId"] == first["Id"]
    assert len(jobs.glue.get_job_runs(JobName=job)["JobRuns"]) == 2
