"""Job runs: the script really runs, and its end is told as AWS tells it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TERMINAL = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
PATIENCE = 60.0


class Jobs:
    """Makes jobs from script texts and runs them, for one server."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.glue, self.s3, self.logs = client("glue"), client("s3"), client("logs")
        self.bucket = f"scripts-{uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)

    def create(self, script: str, **settings: Any) -> str:
        """Upload the script and return the name of a new job that runs it."""
        name = f"job-{uuid4().hex}"
        self.s3.put_object(Bucket=self.bucket, Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{self.bucket}/{name}.py"}
        role = "arn:aws:iam::123456789012:role/service/etl"
        given = {"Command": command, "Role": role, "GlueVersion": "5.1", **settings}
        self.glue.create_job(Name=name, **given)
        return name

    def state(self, job: str, run_id: str) -> dict[str, Any]:
        """Return the JobRun structure."""
        run: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        return run

    def wait(self, job: str, run_id: str, states: set[str] | None = None) -> dict[str, Any]:
        """Poll until the run is in one of the states, by default a terminal one."""
        deadline = time.monotonic() + PATIENCE
        while (run := self.state(job, run_id))["JobRunState"] not in (states or TERMINAL):
            assert time.monotonic() < deadline, f"still {run}"
            time.sleep(0.02)
        return run

    def run(self, job: str, **parameters: Any) -> dict[str, Any]:
        """Start the job and return the run when it has ended."""
        return self.wait(job, self.glue.start_job_run(JobName=job, **parameters)["JobRunId"])

    def lines(self, group: str, run_id: str) -> list[str]:
        """Return the log lines of a run."""
        reply = self.logs.get_log_events(logGroupName=group, logStreamName=run_id)
        return [event["message"] for event in reply["events"]]

    def output(self, run: dict[str, Any]) -> list[str]:
        """Return what the run printed."""
        return self.lines("/aws-glue/jobs/output", run["Id"])

    def wait_for_line(self, run_id: str) -> str:
        """Return the first line of output of a run under way."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if lines := self.lines("/aws-glue/jobs/output", run_id):
                    return lines[0]
            except self.logs.exceptions.ResourceNotFoundException:
                pass
            time.sleep(0.02)
        raise AssertionError("no output")


@pytest.fixture(scope="module")
def jobs(client: Callable[[str], Any]) -> Jobs:
    """Return a maker of jobs on the shared server."""
    return Jobs(client)


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


def test_script_reads_and_writes_delta_on_s3_through_a_plain_session(jobs: Jobs) -> None:
    """A Glue-style script gets its session from the builder and finds S3 by itself."""
    job = jobs.create(
        """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
path = sys.argv[sys.argv.index("--table") + 1]
spark.range(7).write.format("delta").save(path)
print("rows", spark.read.format("delta").load(path).count())
"""
    )
    run = jobs.run(job, Arguments={"--table": f"s3://{jobs.bucket}/{job}-table"})
    assert run["JobRunState"] == "SUCCEEDED", run
    assert jobs.output(run) == ["rows 7"]
    keys = jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix=f"{job}-table/_delta_log/")
    assert keys["KeyCount"] >= 1


def test_arguments_are_merged_as_glue_merges_them(jobs: Jobs) -> None:
    """Run arguments win over the job's defaults, and nothing over the non-overridable ones."""
    job = jobs.create(
        "import sys\nfor word in sys.argv[1:]: print(word)",
        DefaultArguments={"--a": "default", "--b": "default", "--c": "default"},
        NonOverridableArguments={"--c": "fixed"},
    )
    run = jobs.run(job, Arguments={"--b": "run", "--c": "run", "--empty": ""})
    words = jobs.output(run)
    given = dict(zip(words[::2], words[1::2], strict=True))
    assert given == {
        "--a": "default",
        "--b": "run",
        "--c": "fixed",
        "--empty": "",
        "--JOB_NAME": job,
        "--JOB_RUN_ID": run["Id"],
    }
    assert run["Arguments"] == {"--a": "default", "--b": "run", "--c": "fixed", "--empty": ""}


def test_extra_modules_are_importable(jobs: Jobs) -> None:
    """Zips and single files named by --extra-py-files are on the script's path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("packed/__init__.py", "")
        archive.writestr("packed/words.py", "GREETING = 'hello'")
    jobs.s3.put_object(Bucket=jobs.bucket, Key="m/packed.zip", Body=packed.getvalue())
    jobs.s3.put_object(Bucket=jobs.bucket, Key="m/single.py", Body=b"NAME = 'world'")
    files = f"s3://{jobs.bucket}/m/packed.zip,s3://{jobs.bucket}/m/single.py"
    job = jobs.create(
        "from packed.words import GREETING\nfrom single import NAME\nprint(GREETING, NAME)",
        DefaultArguments={"--extra-py-files": files},
    )
    assert jobs.output(jobs.run(job)) == ["hello world"]


def test_run_is_described_as_by_aws(jobs: Jobs) -> None:
    """A finished run has its times, sizes and log group, and an end only when it has ended."""
    job = jobs.create("print(1)", WorkerType="G.1X", NumberOfWorkers=2, Timeout=7)
    run_id = jobs.glue.start_job_run(JobName=job)["JobRunId"]
    started = jobs.state(job, run_id)
    if started["JobRunState"] not in TERMINAL:
        assert "CompletedOn" not in started
    run = jobs.wait(job, run_id)
    assert run["StartedOn"] <= run["LastModifiedOn"] == run["CompletedOn"]
    expected = {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2, "Timeout": 7}
    assert expected.items() <= run.items()
    assert (run["Attempt"], run["JobName"], run["LogGroupName"]) == (0, job, "/aws-glue/jobs")
    assert "ErrorMessage" not in run
    assert 0 <= run["ExecutionTime"] < PATIENCE


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


def test_awsglue_import_may_be_guarded(jobs: Jobs) -> None:
    """A script that tries awsglue and goes on without it works."""
    script = "try:\n    import awsglue\nexcept ImportError:\n    print('without')"
    assert jobs.output(jobs.run(jobs.create(script))) == ["without"]


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


def test_unknown_job_is_not_found(jobs: Jobs) -> None:
    """Starting a job that does not exist is an EntityNotFoundException."""
    with pytest.raises(jobs.glue.exceptions.EntityNotFoundException):
        jobs.glue.start_job_run(JobName="absent")


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


def test_runs_are_listed_newest_first_in_pages(jobs: Jobs) -> None:
    """GetJobRuns begins with the latest run and pages on from there."""
    job = jobs.create("pass")
    ids = [jobs.run(job)["Id"] for _ in range(3)]
    first = jobs.glue.get_job_runs(JobName=job, MaxResults=2)
    rest = jobs.glue.get_job_runs(JobName=job, MaxResults=2, NextToken=first["NextToken"])
    assert [run["Id"] for page in (first, rest) for run in page["JobRuns"]] == ids[::-1]
    assert "NextToken" not in rest


def test_failed_run_is_retried_as_often_as_the_job_says(jobs: Jobs) -> None:
    """With MaxRetries, a failed run is followed by attempts with ids of their own."""
    job = jobs.create("raise SystemExit('no')", MaxRetries=1)
    first = jobs.run(job)
    run = jobs.wait(job, f"{first['Id']}_attempt_1")
    assert (run["JobRunState"], run["Attempt"]) == ("FAILED", 1)
    assert run["PreviousRunId"] == first["Id"]
    assert len(jobs.glue.get_job_runs(JobName=job)["JobRuns"]) == 2


def test_security_configuration_names_the_log_groups(jobs: Jobs) -> None:
    """With a security configuration, Glue 5 logs under its and the role's name."""
    run = jobs.run(jobs.create("print('here')", SecurityConfiguration="locked"))
    group = "/aws-glue/jobs/locked-role/service/etl"
    assert run["LogGroupName"] == group
    assert jobs.lines(f"{group}/output", run["Id"]) == ["here"]


def test_environment_of_the_job_holds_nothing_of_the_users(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[..., Any]
) -> None:
    """The job sees the endpoint, PATH and UTC, and no variable of whoever started localaws."""
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    monkeypatch.setenv("TZ", "America/New_York")
    with process.start() as server:
        jobs = Jobs(connect(server, "eu-west-1"))
        script = "import os\nfor name in os.environ.items(): print('='.join(name))"
        run = jobs.run(jobs.create(script))
        lines = dict(line.partition("=")[::2] for line in jobs.output(run))
    assert "SECRET_OF_THE_USER" not in lines
    assert (lines["TZ"], lines["AWS_REGION"]) == ("UTC", "eu-west-1")
    assert lines["AWS_ENDPOINT_URL"] == server.endpoint
    assert lines["AWS_ALLOW_HTTP"] == "true"


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
