"""A stack on localaws behind two proxies, one for the pipeline and one for the job: to be broken.

Every test begins with empty zones. After whatever went wrong, `World.truth` says what must be so:
the tables equal those of one clean run, every account balances, and nothing is left lying about.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

from botocore.retries.standard import ExponentialBackoff
from deltalake import DeltaTable

from benchmarks import content
from localaws import process
from localaws.services import client_environment
from pipeline import local
from pipeline.active_run import stop
from pipeline.aws import Aws
from pipeline.cli import run_command
from pipeline.wait import SystemClock
from tests.fault.proxy import FaultProxy
from tests.spark import model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.target import Target

ZONES = ("landing-zone", "bronze", "processing-zone")
ACCOUNT = ("records_read", "kept", "ignored", "quarantined", "duplicates")
PAUSE = 0.05
"""Seconds between the attempts of boto3, as many as ever, in commands that run in this process."""
OF_CREDENTIALS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, its JSON document, and what people read."""

    code: int
    document: dict[str, Any]
    told: str

    @property
    def message(self) -> str:
        """What went wrong, in the document."""
        return str(self.document["error"]["message"])


class World:
    """The stack `local`, deployed once as a template, on a localaws that may be killed."""

    def __init__(self, folder: Path) -> None:
        """Use the state in `folder`, a copy of the template."""
        self.folder = folder
        self.pipeline = FaultProxy()
        self.jobs = FaultProxy()

    def __enter__(self) -> Self:
        self.pipeline.__enter__()
        self.jobs.__enter__()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()
        self.jobs.__exit__()
        self.pipeline.__exit__()

    def start(self) -> None:
        """Start localaws on what is in the folder."""
        command = (sys.executable, "-m", "tests.fault.behind_proxy", self.jobs.endpoint)
        self.server = process.start(state=self.folder / "aws", command=command)
        for proxy in (self.pipeline, self.jobs):
            proxy.lead_to(self.server.endpoint)
        self.target: Target = local.opened(self.server)
        self.zones = {zone: self.target.outputs.bucket_names[zone] for zone in ZONES}

    def kill(self) -> None:
        """Kill localaws, as a machine that loses power does."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.wait()
        self.server.close()

    def restart(self) -> None:
        """Kill localaws and start it again on what it had written down."""
        self.kill()
        self.start()

    def reset(self) -> None:
        """No rules, no run under way, no data: the stack as it was deployed."""
        self.pipeline.rules.clear()
        self.jobs.rules.clear()
        stop(self.target.aws, self.job, SystemClock(), lambda _: None)
        s3 = self.target.aws.s3
        for bucket in self.zones.values():
            keys = [{"Key": key} for key in self.keys(bucket)]
            for start in range(0, len(keys), 1000):
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[start : start + 1000]})  # type: ignore[typeddict-item]

    def land(self, key: str, body: bytes, age: int = 0) -> None:
        """Put an object into the landing zone, dated `age` seconds after the first of all."""
        self.target.aws.s3.put_object(
            Bucket=self.zones["landing-zone"],
            Key=key,
            Body=body,
            Metadata={"sha256": f"{age:08x}"},
        )

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys in a bucket that begin with the prefix."""
        pages = self.target.aws.s3.get_paginator("list_objects_v2")
        return [
            item["Key"]
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for item in page.get("Contents", [])
        ]

    def environment(self) -> dict[str, str]:
        """What leads any AWS client to the pipeline's proxy."""
        return client_environment(self.pipeline.endpoint)

    def run(self, *arguments: str | Path) -> Ended:
        """`lakehouse run --stack local` with these arguments, in this process."""
        return self.command("run", "--stack", "local", *arguments)

    def finish(self, source: Path) -> Ended:
        """Run, and take in at once what could not be read before: it would wait for minutes."""
        ended = self.run("--source", source)
        if ended.code == 0 and (failed := ended.document.get("failures")):
            paths = [word for found in failed for word in ("--accept", found["path"])]
            ended = self.run("--source", source, *paths)
        return ended

    def command(self, *arguments: str | Path) -> Ended:
        """Run a command of `lakehouse` with --json, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment()),
            patch.object(ExponentialBackoff, "delay_amount", lambda *_: PAUSE),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in OF_CREDENTIALS:
                os.environ.pop(name, None)
            code = run_command([*map(str, arguments), "--json"])
        return Ended(code, json.loads(out.getvalue()), err.getvalue())

    def begin(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Begin `lakehouse run --stack local` in a process of its own, to be killed."""
        command = [sys.executable, "-m", "pipeline", "run", "--stack", "local", "--json"]
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=local.ROOT,
            env={**os.environ, **self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def runs(self) -> list[dict[str, Any]]:
        """Glue's runs of the job, the newest first."""
        found = self.target.aws.glue.get_job_runs(JobName=self.target.outputs.job_name)
        return [dict(run) for run in found["JobRuns"]]

    def kill_job(self) -> None:
        """Kill the processes of whatever job runs, their engine with them."""
        for child in _children(self.server.pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)

    @contextlib.contextmanager
    def script(self, text: str, *, before: bool = False) -> Iterator[None]:
        """Another script in the place of the job's, or something to do before it."""
        s3, job = self.target.aws.s3, self.target.aws.glue.get_job(JobName=self.job)["Job"]
        bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
        kept = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        future = b"from __future__ import annotations\n"
        body = future + text.encode() + kept.replace(future, b"") if before else text.encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        try:
            yield
        finally:
            s3.put_object(Bucket=bucket, Key=key, Body=kept)

    @property
    def job(self) -> str:
        """The job's name."""
        return self.target.outputs.job_name

    def hashes(self) -> dict[str, str]:
        """What the tables say, as a hash each."""
        options = Aws.on_endpoint(self.server.endpoint, self.server.environment()).delta_options()
        return content.hashes_at(self.target.outputs.tables, options, without={"attempts"})

    def ledger(self) -> list[dict[str, Any]]:
        """The rows of the ledger."""
        return self.rows("ingested_files")

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, in no order."""
        where = self.target.outputs.tables[table]
        options = Aws.on_endpoint(self.server.endpoint, self.server.environment()).delta_options()
        found = DeltaTable(where, storage_options=options).to_pyarrow_dataset().to_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def accounts(self) -> dict[str, list[tuple[int, ...]]]:
        """Each object's accounts in the ledger, one entry a version."""
        found: dict[str, list[tuple[int, ...]]] = {}
        for row in self.ledger():
            key = row["source_path"].removeprefix(f"s3://{self.zones['landing-zone']}/")
            found.setdefault(key, []).append(tuple(row[name] for name in ACCOUNT))
        return found

    def left(self) -> list[str]:
        """What a run leaves behind only when it is not over: a stage, a lease."""
        return [
            *self.keys(self.zones["processing-zone"], "runs/"),
            *self.keys(self.zones["bronze"], "_lease/"),
        ]


def truth(*folders: Path) -> dict[str, list[tuple[int, ...]]]:
    """The accounts that the files of the folders must get, by the plain model of the tests."""
    versions = {
        model.Version(str(path.relative_to(folder)), path.read_bytes(), 0)
        for folder in folders
        for path in sorted(folder.glob("*-data/**/*.json"))
    }
    found: dict[str, list[tuple[int, ...]]] = {}
    for row in model.tables(versions)["ingested_files"]:
        key = row["source_path"].removeprefix("landing/")
        found.setdefault(key, []).append(tuple(row[name] for name in ACCOUNT))
    return found


def _children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    command = ["ps", "-o", "pid=,stat=", "--ppid", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = [line.split() for line in shown.splitlines()]
    return [int(child) for child, state in found if not state.startswith("Z")]
