"""Runs, crawls and queries outlive the server that ran them, and none stays under way for ever."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import write_deltalake

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLOW = b"import time\nprint('started', flush=True)\ntime.sleep(300)"
PATIENCE = 60.0


def until(done: Callable[[], Any]) -> Any:
    """Poll until `done` returns something true, and return that."""
    deadline = time.monotonic() + PATIENCE
    while not (result := done()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def fill(server: process.Server, client: Callable[[str], Any]) -> dict[str, str]:
    """Run a job, a crawl and a query to their ends, and start a job that does not end."""
    s3, glue, athena = client("s3"), client("glue"), client("athena")
    s3.create_bucket(Bucket="lake-of-restarts")
    s3.put_object(Bucket="lake-of-restarts", Key="quick.py", Body=b"print('hello')")
    s3.put_object(Bucket="lake-of-restarts", Key="slow.py", Body=SLOW)
    for name in ("quick", "slow"):
        script = {"Name": "glueetl", "ScriptLocation": f"s3://lake-of-restarts/{name}.py"}
        glue.create_job(Name=name, Role="r", Command=script)
    ids = {name: glue.start_job_run(JobName=name)["JobRunId"] for name in ("quick", "slow")}
    location = "s3://lake-of-restarts/songs"
    write_deltalake(location, pa.table({"n": [1, 2]}), storage_options=server.environment())
    glue.create_database(DatabaseInput={"Name": "bronze"})
    target = {"DeltaTables": [location], "WriteManifest": False, "CreateNativeDeltaTable": True}
    glue.create_crawler(
        Name="crawl", Role="r", DatabaseName="bronze", Targets={"DeltaTargets": [target]}
    )
    glue.start_crawler(Name="crawl")
    until(lambda: glue.get_crawler(Name="crawl")["Crawler"]["State"] == "READY")
    results = {"OutputLocation": "s3://lake-of-restarts/results/"}
    athena.create_work_group(Name="group", Configuration={"ResultConfiguration": results})
    ids["query"] = query(athena, "SELECT sum(n) AS total FROM bronze.songs")
    until(lambda: state(glue, "quick", ids["quick"]) == "SUCCEEDED")
    until(lambda: state(glue, "slow", ids["slow"]) == "RUNNING")
    return ids


def query(athena: Any, sql: str) -> str:
    """Run a query to its end and return its id."""
    started: str = athena.start_query_execution(QueryString=sql, WorkGroup="group")[
        "QueryExecutionId"
    ]
    status = until(
        lambda: (found := told(athena, started))["State"] not in {"QUEUED", "RUNNING"} and found
    )
    assert status["State"] == "SUCCEEDED", status
    return started


def told(athena: Any, query_id: str) -> dict[str, Any]:
    """Return the Status of a query."""
    status: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query_id)[
        "QueryExecution"
    ]["Status"]
    return status


def state(glue: Any, job: str, run_id: str) -> str:
    """Return the state of a run."""
    found: str = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]["JobRunState"]
    return found


def test_engines_go_on_after_a_kill(tmp_path: Path, connect: Callable[..., Any]) -> None:
    """After kill -9, what had ended is as it was, what had not is FAILED and says why."""
    with process.start(state=tmp_path) as server:
        ids = fill(server, connect(server))
        os.kill(server.pid, 9)
    with process.start(state=tmp_path) as server:
        client = connect(server)
        glue, athena = client("glue"), client("athena")
        assert state(glue, "quick", ids["quick"]) == "SUCCEEDED"
        slow = glue.get_job_run(JobName="slow", RunId=ids["slow"])["JobRun"]
        assert slow["JobRunState"] == "FAILED"
        assert "localaws stopped while this run was under way" in slow["ErrorMessage"]
        reply = client("logs").get_log_events(
            logGroupName="/aws-glue/jobs/output", logStreamName=ids["quick"]
        )
        assert [event["message"] for event in reply["events"]] == ["hello"]
        assert glue.get_crawler(Name="crawl")["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"
        rows = athena.get_query_results(QueryExecutionId=ids["query"])["ResultSet"]["Rows"]
        assert [row["Data"][0]["VarCharValue"] for row in rows] == ["total", "3"]
        again = glue.start_job_run(JobName="quick")["JobRunId"]
        until(lambda: state(glue, "quick", again) == "SUCCEEDED")
        query(athena, "SELECT n FROM bronze.songs")


def test_clean_stop_marks_what_was_under_way(tmp_path: Path, connect: Callable[..., Any]) -> None:
    """A run that a clean stop of the server ends is FAILED from then on."""
    with process.start(state=tmp_path) as server:
        ids = fill(server, connect(server))
    with process.start(state=tmp_path) as server:
        glue = connect(server)("glue")
        assert state(glue, "slow", ids["slow"]) == "FAILED"
        assert state(glue, "quick", ids["quick"]) == "SUCCEEDED"
