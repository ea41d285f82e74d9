"""The unchanged Pulumi program, provisioned in process on localaws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.errors import ConfigError
from lakehouse.program import program
from localaws import process
from localaws.bridge import provision, stack_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def empty() -> Iterator[process.Server]:
    """A server with nothing else on it."""
    with process.start() as running:
        yield running


@pytest.fixture(scope="module")
def up(
    empty: process.Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, Any]]:
    """Return a function that provisions the local stack, with settings over those of its file."""
    state = tmp_path_factory.mktemp("state") / "stack.json"

    def run(**settings: str) -> dict[str, Any]:
        return provision(
            program,
            project="lakehouse",
            stack="local",
            config={**stack_config(ROOT / "Pulumi.local.yaml"), **settings},
            endpoint=empty.endpoint,
            region="us-east-1",
            state=state,
        )

    return run


@pytest.fixture(scope="module")
def clients(
    empty: process.Server, connect: Callable[..., Callable[[str], Any]]
) -> Callable[[str], Any]:
    """Return a function that makes clients for that server."""
    return connect(empty)


def test_the_whole_program_is_made(
    up: Callable[..., dict[str, Any]], clients: Callable[[str], Any]
) -> None:
    """Nothing is left out: what the outputs name exists, as the parameter says as well."""
    outputs = up()
    stored = clients("ssm").get_parameter(Name="/lakehouse/local/outputs")["Parameter"]["Value"]
    assert json.loads(stored) == {"version": 1, **outputs}
    buckets = {bucket["Name"] for bucket in clients("s3").list_buckets()["Buckets"]}
    assert buckets == set(outputs["bucket_names"].values())
    glue = clients("glue")
    job = glue.get_job(JobName=outputs["job_name"])["Job"]
    crawler = glue.get_crawler(Name=outputs["crawler_name"])["Crawler"]
    (target,) = crawler["Targets"]["DeltaTargets"]
    assert target["DeltaTables"] == list(outputs["tables"].values())
    assert crawler["DatabaseName"] == outputs["database_name"]
    for uri in (job["Command"]["ScriptLocation"], job["DefaultArguments"]["--extra-py-files"]):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        assert clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    workgroup = clients("athena").get_work_group(WorkGroup=outputs["workgroup_name"])
    results = workgroup["WorkGroup"]["Configuration"]["ResultConfiguration"]
    assert results["OutputLocation"] == f"s3://{outputs['results_bucket']}/"


def test_a_second_run_gives_the_same_outputs_and_a_change_reaches_every_bucket(
    up: Callable[..., dict[str, Any]], clients: Callable[[str], Any]
) -> None:
    """Nothing is made twice; another number of days is another lifecycle rule, in place."""
    outputs = up()
    assert up() == outputs
    assert up(**{"lakehouse:noncurrentVersionDays": "3"}) == outputs
    for bucket in outputs["bucket_names"].values():
        (rule,) = clients("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 3}


def test_a_wrong_setting_stops_before_anything_is_touched(
    up: Callable[..., dict[str, Any]], clients: Callable[[str], Any]
) -> None:
    """The error is the program's own, and what stood there stands there still."""
    up()
    before = clients("ssm").get_parameter(Name="/lakehouse/local/outputs")["Parameter"]
    with pytest.raises(ConfigError, match="lakehouse:workerCount"):
        up(**{"lakehouse:workerCount": "1"})
    after = clients("ssm").get_parameter(Name="/lakehouse/local/outputs")["Parameter"]
    assert after["Version"] == before["Version"]
