"""The Glue job and its code: pinned, alone, and uploaded once per change."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.artifacts import SPARK_PACKAGE, job_modules, job_script
from lakehouse.runtimes import RUNTIMES, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def job(dev: Any) -> dict[str, Any]:
    """The declared job."""
    (declared,) = dev.of_type("glue/job:Job").values()
    return dict(declared)


def test_one_run_at_a_time_and_no_hidden_retries(job: dict[str, Any]) -> None:
    """Delta on S3 has no lock between drivers; the pipeline retries, not Glue."""
    assert job["executionProperty"] == {"maxConcurrentRuns": 1}
    assert job["maxRetries"] == 0
    assert job["jobRunQueuingEnabled"] is False
    assert job["timeout"] == 60


TAGS = {"Project": "lakehouse", "ManagedBy": "pulumi"}


@pytest.mark.parametrize(
    ("environment", "worker", "execution_class"),
    [("dev", "G.1X", "FLEX"), ("dev", "G.4X", "STANDARD"), ("prod", "G.1X", "STANDARD")],
)
def test_development_runs_on_spare_capacity(
    declare: Callable[..., Any], environment: str, worker: str, execution_class: str
) -> None:
    """Where nobody waits for the night's run, it costs a third less; Glue offers it for small
    workers only.
    """
    declared = declare(
        {
            "lakehouse:environment": environment,
            "lakehouse:workerType": worker,
            "aws:allowedAccountIds": '["123456789012"]',
            "aws:defaultTags": json.dumps({"tags": {**TAGS, "Environment": environment}}),
            "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:role/operators"]',
        }
    )
    (made,) = declared.of_type("glue/job:Job").values()
    assert made["executionClass"] == execution_class


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_the_runtime_is_pinned_and_told(declare: Callable[..., Any], runtime: Runtime) -> None:
    """The Glue version is explicit, and the outputs say what is inside it."""
    declared = declare({"lakehouse:glueVersion": runtime.glue})
    (made,) = declared.of_type("glue/job:Job").values()
    assert made["glueVersion"] == runtime.glue
    assert declared.outputs["runtime"] == runtime.as_dict()


def test_the_job_reads_and_writes_the_buckets_of_its_stack(dev: Any, job: dict[str, Any]) -> None:
    """Locations have no trailing slash, which the job would turn into an empty path segment."""
    buckets = dev.outputs["bucket_names"]
    arguments = job["defaultArguments"]
    assert arguments["--task"] == "ingest"
    assert arguments["--landing"] == f"s3://{buckets['landing-zone']}"
    assert arguments["--bronze"] == f"s3://{buckets['bronze']}"
    assert arguments["--processing"] == f"s3://{buckets['processing-zone']}"


def test_delta_and_the_region_are_configured_in_the_one_conf_that_glue_takes(
    job: dict[str, Any],
) -> None:
    """S3A would look in us-east-2 without a region; the other settings chain in the same value."""
    arguments = job["defaultArguments"]
    assert arguments["--datalake-formats"] == "delta"
    assert arguments["--conf"].split(" --conf ") == [
        "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.delta.logStore.class=org.apache.spark.sql.delta.storage.S3SingleDriverLogStore",
        "spark.hadoop.fs.s3a.endpoint.region=eu-west-1",
    ]
    assert all(isinstance(value, str) for value in arguments.values())


def test_the_job_runs_the_code_that_was_uploaded(dev: Any, job: dict[str, Any]) -> None:
    """Script and modules lie under keys that are hashes of their content."""
    objects = dev.of_type("s3/bucketObjectv2:BucketObjectv2")
    scripts = dev.outputs["bucket_names"]["aws-glue-scripts"]
    assert job["command"]["scriptLocation"] == f"s3://{scripts}/{job_script().key}"
    assert job["defaultArguments"]["--extra-py-files"] == f"s3://{scripts}/{job_modules().key}"
    uploaded = base64.b64decode(objects["job-modules"]["contentBase64"])
    assert "spark/tables.py" in zipfile.ZipFile(io.BytesIO(uploaded)).namelist()
    assert base64.b64decode(objects["job-script"]["contentBase64"]) == job_script().content


def test_no_run_can_have_the_role_run_other_code_or_work_elsewhere(job: dict[str, Any]) -> None:
    """StartJobRun takes arguments, one for the script among them; what is fixed wins over them."""
    fixed = job["nonOverridableArguments"]
    assert fixed["--scriptLocation"] == job["command"]["scriptLocation"]
    others = {name: value for name, value in fixed.items() if name != "--scriptLocation"}
    assert others == {name: job["defaultArguments"][name] for name in others}
    assert {"--extra-py-files", "--conf", "--landing", "--bronze", "--processing"} <= set(others)
    # What is not asked for cannot come along either: pip finds nothing, jars and files are none.
    assert fixed["--python-modules-installer-option"].split() == ["--no-index", "--no-deps"]
    assert fixed["--additional-python-modules"] == "boto3"
    assert fixed["--extra-jars"] == fixed["--extra-files"] == ""
    assert not {"--task", "--run_id"} & set(fixed), "these are what a run is told"


def copy_of_the_package(folder: Path, *, backwards: bool) -> Path:
    """The package in another folder, its files made at another time and in another order."""
    for path in sorted(SPARK_PACKAGE.rglob("*.py"), reverse=backwards):
        target = folder / "spark" / path.relative_to(SPARK_PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder / "spark"


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    """Neither place, time nor order of the files counts, so nothing is uploaded twice."""
    there = job_modules(copy_of_the_package(tmp_path / "a", backwards=False))
    here = job_modules(copy_of_the_package(tmp_path / "b", backwards=True))
    assert there.content == here.content == job_modules().content
    assert there.key == here.key


def test_another_source_has_another_key(tmp_path: Path) -> None:
    """A changed module is a new object, and with it a changed job."""
    package = copy_of_the_package(tmp_path, backwards=False)
    before = job_modules(package)
    (package / "tables.py").write_text("changed = True\n", encoding="utf-8")
    assert job_modules(package).key != before.key


def test_only_python_source_is_packed(tmp_path: Path) -> None:
    """Caches and data that lie beside the modules stay at home."""
    package = copy_of_the_package(tmp_path, backwards=False)
    before = job_modules(package)
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "tables.cpython-311.pyc").write_bytes(b"x")
    (package / "notes.txt").write_text("x", encoding="utf-8")
    assert job_modules(package).content == before.content
