"""The law against real deaths: the process of a Glue job run is killed at a random moment.

LAKEHOUSE_SEED tries other moments than those of every run; LAKEHOUSE_ROUNDS, more of them.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import time
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from spark.tables import TABLES
from tests.spark import engines
from tests.spark.lakes import Lake
from tests.spark.records import play, song

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from localaws.process import Server

pytestmark = pytest.mark.sail  # localaws runs its jobs on Sail, whatever runs the test

SEED = int(os.environ.get("LAKEHOUSE_SEED", "20181102"))
ROUNDS = int(os.environ.get("LAKEHOUSE_ROUNDS", "3"))
UPLOADED = 1541160000
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
PATIENCE = 120.0

LANDINGS = (
    {
        "song-data/1.json": [song(1), song(2), song(3)],
        "log-data/1.json": [*(play(number) for number in range(8)), {"page": "NextSong"}],
    },
    {
        "song-data/2.json": [song(1, title="Later"), song(6), song(7)],
        "log-data/2.json": [
            *(play(number) for number in range(6, 12)),
            play(20, artist="Artist 1", song="Later"),
            play(3, level="paid", ts=1543105830796),
        ],
    },
)


class Jobs:
    """The job as Glue runs it, on localaws."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.glue = boto3.client("glue")
        s3, bucket = boto3.client("s3"), f"scripts-{uuid4().hex[:12]}"
        s3.create_bucket(Bucket=bucket)
        modules = io.BytesIO()
        with zipfile.ZipFile(modules, "w") as archive:
            for path in sorted((engines.ROOT / "spark").glob("*.py")):
                archive.write(path, f"spark/{path.name}")
        script = (engines.ROOT / "spark" / "job.py").read_bytes()
        s3.put_object(Bucket=bucket, Key="modules.zip", Body=modules.getvalue())
        s3.put_object(Bucket=bucket, Key="job.py", Body=script)
        self.name = f"bronze-{uuid4().hex[:12]}"
        self.glue.create_job(
            Name=self.name,
            Role="arn:aws:iam::123456789012:role/job",
            GlueVersion="5.1",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/job.py"},
            DefaultArguments={"--extra-py-files": f"s3://{bucket}/modules.zip"},
        )

    def start(self, lake: Lake) -> str:
        """Start a run in the lake; its id."""
        words = iter(lake.arguments(f"run-{uuid4().hex[:12]}"))
        arguments = dict(zip(words, words, strict=True))
        started = self.glue.start_job_run(JobName=self.name, Arguments=arguments)
        return str(started["JobRunId"])

    def end(self, run: str) -> tuple[str, str]:
        """Wait until the run has ended; the state it ended in, and why."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.glue.get_job_run(JobName=self.name, RunId=run)["JobRun"]
            if found["JobRunState"] in ENDED:
                return found["JobRunState"], found.get("ErrorMessage", "")
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the process of the run, which is its engine's too, and any that waits for one."""
        for process in _children(self.server.pid):
            with suppress(ProcessLookupError):  # it ended at this very moment
                os.kill(process, signal.SIGKILL)
            while _lives(process):  # else the next run may get the dying one that waited for it
                time.sleep(0.01)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, check=False)  # noqa: S607
    return [int(child) for child in listed.stdout.split()]


def _lives(process: int) -> bool:
    command = ["ps", "-o", "stat=", "-p", str(process)]
    shown = subprocess.run(command, capture_output=True, check=False).stdout.strip()
    return bool(shown) and not shown.startswith(b"Z")


def history(lake: Lake, jobs: Jobs, moments: list[float]) -> int:
    """Land, run and kill at each moment, then run to the end; how many runs were killed."""
    killed = 0
    for landing, moment in zip(LANDINGS, moments, strict=True):
        for key, records in landing.items():
            lake.put(key, records, modified=UPLOADED)
        run = jobs.start(lake)
        time.sleep(moment)  # the moment of death, not a wait for anything
        jobs.kill()
        killed += jobs.end(run)[0] == "FAILED"
    assert jobs.end(jobs.start(lake)) == ("SUCCEEDED", "")
    return killed


@pytest.mark.timeout(0)
def test_runs_killed_at_random_moments_change_no_table(aws: Server, engine: SparkSession) -> None:
    """Whenever a run is killed, the next one finishes: every table says what it says unharmed."""
    jobs = Jobs(aws)
    clean = Lake(engine)
    began = time.monotonic()
    for landing in LANDINGS:
        for key, records in landing.items():
            clean.put(key, records, modified=UPLOADED)
        assert jobs.end(jobs.start(clean)) == ("SUCCEEDED", "")
    longest = (time.monotonic() - began) / len(LANDINGS)
    expected = clean.says(TABLES)
    dice = random.Random(SEED)  # noqa: S311 # moments, no secrets
    killed = 0
    for number in range(ROUNDS):
        moments = [dice.uniform(0, longest) for _ in LANDINGS]
        lake = Lake(engine)
        killed += history(lake, jobs, moments)
        said = lake.says(TABLES)
        assert said == expected, f"LAKEHOUSE_SEED={SEED}, round {number}, killed at {moments}"
        assert list(lake.storage.list(f"{lake.processing}/runs/")) == []
    assert killed > 0, "no run was killed before its end: this proves nothing"
    print(f"{killed} runs killed in {ROUNDS} rounds, LAKEHOUSE_SEED={SEED}")  # noqa: T201
