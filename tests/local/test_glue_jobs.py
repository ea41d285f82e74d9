"""Job runs: the script really runs, and its end is told as AWS tells it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from localaws import process
from tests.local.script_jobs import PATIENCE, TERMINAL, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_awsglue_import_may_be_guarded(jobs: Jobs) -> None:
    """A script that tries awsglue and goes on without it works."""
    script = "try:\n    import awsglue\nexcept ImportError:\n    print('without')"
    assert jobs.output(jobs.run(jobs.create(script))) == ["without"]


def test_unknown_job_is_not_found(jobs: Jobs) -> None:
    """Starting a job that does not exist is an EntityNotFoundException."""
    with pytest.raises(jobs.glue.exceptions.EntityNotFoundException):
        jobs.glue.start_job_run(JobName="absent")


def test_runs_are_listed_newest_first_in_pages(jobs: Jobs) -> None:
    """GetJobRuns begins with the latest run and pages on from there."""
    job = jobs.create("pass")
    ids = [jobs.run(job)["Id"] for _ in range(3)]
    first = jobs.glue.get_job_runs(JobName=job, MaxResults=2)
    rest = jobs.glue.get_job_runs(JobName=job, MaxResults=2, NextToken=first["NextToken"])
    assert [run["Id"] for page in (first, rest) for run in page["JobRuns"]] == ids[::-1]
    assert "NextToken" not in rest


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
