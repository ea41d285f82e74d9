"""What was under way when the process was killed: what was answered is kept, a run is failed."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws import process
from localaws.blobs import SMALL
from tests.local.single_attempt import client_of
from tests.local.state_servers import killed_afterwards

if TYPE_CHECKING:
    from pathlib import Path


def test_every_acknowledged_put_survives_kill_9(tmp_path: Path) -> None:
    """A kill in the middle of a stream of uploads loses none that was answered, adds no half."""
    acknowledged: dict[str, tuple[str, str]] = {}
    enough = threading.Event()
    server = process.start(state=tmp_path)
    s3 = client_of(server, "s3")
    s3.create_bucket(Bucket="bkt")
    s3.put_bucket_versioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})

    def upload(writer: int) -> None:
        for number in range(10_000):
            key = f"{writer}/{number}"
            try:
                reply = s3.put_object(Bucket="bkt", Key=key, Body=_body(key))
            except (BotoCoreError, ClientError):
                return
            acknowledged[key] = (reply["ETag"], reply["VersionId"])
            if len(acknowledged) >= 150:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(upload, writer) for writer in range(8)]
        assert enough.wait(60)
        times = {key["Key"]: key["LastModified"] for key in _list(s3)}
        os.kill(server.pid, 9)
        for writer in writers:
            writer.result()
    server.close()
    with process.start(state=tmp_path) as server:
        s3 = client_of(server, "s3")
        found = {version["Key"]: version for version in _list_versions(s3)}
        assert acknowledged.keys() <= found.keys()
        for key, (etag, version) in acknowledged.items():
            assert (found[key]["ETag"], found[key]["VersionId"]) == (etag, version)
        for key, time in times.items():
            assert found[key]["LastModified"] == time
        for key in found:
            assert s3.get_object(Bucket="bkt", Key=key)["Body"].read() == _body(key)
        large = [key for key in found if len(_body(key)) > SMALL]
        assert large
        assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == len(
            large
        )


def _body(key: str) -> bytes:
    """Content for a key: small for even numbers, and large enough for a file for odd ones."""
    return key.encode() * (SMALL if key[-1] in "13579" else 100)


def _list(s3: Any) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bkt")
    return [key for page in pages for key in page.get("Contents", [])]


def _list_versions(s3: Any) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="bkt")
    return [version for page in pages for version in page.get("Versions", [])]


def test_a_run_that_was_cut_short_is_failed(tmp_path: Path) -> None:
    """Work under way when the process was killed is settled; a clean stop settles it too."""
    with killed_afterwards(tmp_path) as server:
        s3, glue = client_of(server, "s3"), client_of(server, "glue")
        s3.create_bucket(Bucket="scripts")
        s3.put_object(Bucket="scripts", Key="j.py", Body=b"import time; time.sleep(600)")
        command = {"Name": "glueetl", "ScriptLocation": "s3://scripts/j.py"}
        glue.create_job(Name="j", Role="r", Command=command, GlueVersion="5.0")
        killed = glue.start_job_run(JobName="j")["JobRunId"]
    with process.start(state=tmp_path) as server:
        glue = client_of(server, "glue")
        run = glue.get_job_run(JobName="j", RunId=killed)["JobRun"]
        assert run["JobRunState"] == "FAILED"
        assert "localaws stopped" in run["ErrorMessage"]
        stopped = glue.start_job_run(JobName="j")["JobRunId"]
    assert server.log() == ""
    with process.start(state=tmp_path) as server:
        run = client_of(server, "glue").get_job_run(JobName="j", RunId=stopped)["JobRun"]
        assert run["JobRunState"] not in {"STARTING", "RUNNING", "SUCCEEDED"}
