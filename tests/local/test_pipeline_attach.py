"""A run that is under way can be attached to and stopped, and nothing agrees by accident."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import attempts, job, local
from pipeline.active_run import active
from pipeline.checks import check
from pipeline.crawler import crawl
from pipeline.errors import RunFailedError
from pipeline.progress import PlainDisplay, Stages
from pipeline.task import job_report
from pipeline.wait import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.process import Server
    from pipeline.target import Target

ROOT = Path(__file__).resolve().parents[2]
SONG = {
    "num_songs": 1,
    "artist_id": "AR1",
    "artist_latitude": None,
    "artist_longitude": None,
    "artist_location": "",
    "artist_name": "A",
    "song_id": "SO1",
    "title": "T",
    "duration": 1.5,
    "year": 0,
}
GATE = """
import time as _time
import boto3 as _boto3
while not _boto3.client("s3").list_objects_v2(Bucket="{bucket}", Prefix="go").get("Contents"):
    _time.sleep(0.1)
"""
"""Comes before the job's script: it begins when the object `go` is there."""


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """A server of these tests' own."""
    with local.server(None) as server:
        yield server


@pytest.fixture(scope="module")
def stack(running: Server) -> Target:
    """The local stack, whose job waits at a gate, and one song that has landed."""
    target = local.provision(running, None)
    s3, outputs = target.aws.s3, target.outputs
    found = target.aws.glue.get_job(JobName=outputs.job_name)["Job"]
    bucket, _, key = found["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    script = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    future = "from __future__ import annotations\n"
    gate = future + GATE.format(bucket=outputs.bucket_names["processing-zone"])
    s3.put_object(Bucket=bucket, Key=key, Body=(gate + script.replace(future, "")).encode())
    body = json.dumps(SONG) + "\n" + json.dumps(SONG | {"song_id": None})
    s3.put_object(Bucket=outputs.landing_bucket, Key="song-data/1.json", Body=body.encode())
    return target


@pytest.fixture
def gate(stack: Target) -> Iterator[Any]:
    """Open the gate by calling it; it is closed again afterwards."""
    bucket = stack.outputs.bucket_names["processing-zone"]
    yield lambda: stack.aws.s3.put_object(Bucket=bucket, Key="go", Body=b"")
    stack.aws.s3.delete_object(Bucket=bucket, Key="go")


def lakehouse(running: Server, *arguments: str) -> subprocess.Popen[str]:
    """Begin `lakehouse run --stack local`, as with an account that answers at this server."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", "--stack", "local", "--json", *arguments],
        cwd=ROOT,
        env={**os.environ, **running.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], status: int) -> dict[str, Any]:
    """Wait for the end of a command and read its answer."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == status, err
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_run_under_way_is_refused_attached_to_and_then_whole(
    running: Server, stack: Target, gate: Any
) -> None:
    """A second run is refused with the way out; the attached one goes on to the query."""
    name = stack.outputs.job_name
    first = job.start(stack.aws, name, "scheduled-1", SystemClock())
    refused = ended(lakehouse(running), 3)
    assert first in refused["error"]["message"]
    assert "--attach" in refused["error"]["message"]
    attached = lakehouse(running, "--attach")
    gate()
    document = ended(attached, 0)
    assert (document["run_id"], document["job_run_id"]) == ("scheduled-1", first)
    assert document["tables"]["songs"]["rows"] == document["query"]["row_count"] >= 1
    assert [stage["name"] for stage in document["stages"]] == ["job", "crawler", "checks", "query"]
    nothing = ended(lakehouse(running, "--attach"), 1)
    assert "nothing to attach to" in nothing["error"]["message"]


def test_a_run_under_way_is_stopped(running: Server, stack: Target) -> None:
    """It ends as STOPPED; asked again, the command says that there is nothing to stop."""
    name = stack.outputs.job_name
    run = job.start(stack.aws, name, "too-long", SystemClock())
    stopped = ended(lakehouse(running, "--stop"), 0)["stopped"]
    assert stopped == {"job_run_id": run, "run_id": "too-long"}
    ending = stack.aws.glue.get_job_run(JobName=name, RunId=run)["JobRun"]["JobRunState"]
    assert ending == "STOPPED"
    assert active(stack.aws, name) is None
    assert ended(lakehouse(running, "--stop"), 0)["stopped"] is None


def test_a_catalog_or_a_report_that_does_not_agree_fails_the_run(stack: Target, gate: Any) -> None:
    """After a run that agrees: one column less in the catalog, then one record more reported."""
    gate()
    clock, aws, outputs = SystemClock(), stack.aws, stack.outputs
    aws.s3.put_object(
        Bucket=outputs.landing_bucket,
        Key="song-data/2.json",
        Body=json.dumps(SONG | {"song_id": "SO2"}).encode() + b"\n{",
    )
    stages = Stages(PlainDisplay(io.StringIO()), clock)
    attempts.run_job(aws, outputs.job_name, "agreed", stages, {})
    crawl(aws, outputs.crawler_name, clock, lambda _state: None)
    report = job_report(stack, "agreed")
    read = report["records"]["read"]
    assert read > report["records"]["quarantined"] > 0
    assert check(stack, "one", report, clock).tables["songs"].rows >= 1
    lying = report | {"records": report["records"] | {"read": read + 1}}
    told = f"reported {read + 1} records read, its ledger has {read}"
    with pytest.raises(RunFailedError, match=told):
        check(stack, "two", lying, clock)
    table = aws.glue.get_table(DatabaseName=outputs.database_name, Name="songs")["Table"]
    columns = table["StorageDescriptor"]["Columns"]
    changed = table["StorageDescriptor"] | {"Columns": columns[1:]}
    aws.glue.update_table(
        DatabaseName=outputs.database_name,
        TableInput={
            "Name": "songs",
            "TableType": table["TableType"],
            "Parameters": table["Parameters"],
            "StorageDescriptor": changed,
        },
    )
    with pytest.raises(RunFailedError, match=f"songs.{columns[0]['Name']} is .* absent in the cat"):
        check(stack, "three", report, clock)
