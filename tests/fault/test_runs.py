"""Job runs that die, fail, are started twice or not at all, and what the pipeline says of them."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import job
from pipeline.wait import SystemClock
from tests.fault import faults
from tests.fault.faults import ALWAYS, Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import World

GATE = """
import time as _time
import boto3 as _boto3
while not _boto3.client("s3").list_objects_v2(Bucket="{bucket}", Prefix="go").get("Contents"):
    _time.sleep(0.1)
"""
"""Comes before the job's script: it begins when the object `go` is there."""
FIRST_COMMIT = r"PUT \S*/{}/_delta_log/0+1\.json"
"""The first commit of a table after the one that makes it, empty."""
WORDS = "print('reading song 7')"


def outcome(state: str, reason: str) -> faults.Fault:
    """Let GetJobRun tell another end than the one there was."""

    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        if document["JobRun"]["JobRunState"] in {"SUCCEEDED", "FAILED"}:
            document["JobRun"] |= {"JobRunState": state, "ErrorMessage": reason}
        return json.dumps(document).encode()

    return faults.changed(f"run ends as {state}", rewrite)


def test_a_job_killed_between_data_and_commit(
    world: World, source: Path, whole: Callable[[World], None], told: Callable[..., None]
) -> None:
    """Fault 2: data files without a commit are in no table, and the next run is as if unharmed."""
    commit = Rule(FIRST_COMMIT.format("songplays"), faults.RESET, then=world.kill_job)
    world.jobs.rules.add(commit)
    ended = world.run("--source", source, "--retries", "0")
    told(ended, 1, "job", "SIGKILL", ended.document["job_run_id"], "No input is lost")
    assert len(commit.hit) == 1
    orphans = [key for key in world.keys(world.zones["bronze"], "songplays/") if "parquet" in key]
    assert orphans
    assert world.rows("songplays") == []
    world.jobs.rules.clear()
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert ended.document["upload"]["uploaded"] == 0
    whole(world)


@pytest.mark.parametrize(
    "call",
    [FIRST_COMMIT.format("ingested_files"), r"POST /\S*processing\S*delete"],
    ids=["before the ledger", "before the stage is removed"],
)
def test_a_job_killed_after_a_commit(
    world: World, source: Path, whole: Callable[[World], None], call: str
) -> None:
    """Fault 4: what is in a table and not in the ledger comes in once, not twice.

    One command is enough: the pipeline repeats the job run, under the same run id.
    """
    rule = world.jobs.rules.add(Rule(call, faults.RESET, then=world.kill_job))
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert len(rule.hit) == 1
    killed, good = ended.document["attempts"]
    assert (killed["state"], killed["kind"]) == ("FAILED", "killed")
    assert (good["state"], good["job_run_id"]) == ("SUCCEEDED", ended.document["job_run_id"])
    assert f"attempt 1 of 3: Job run {killed['job_run_id']}" in ended.told
    ours = [run for run in world.runs() if run["Arguments"]["--run_id"] == ended.document["run_id"]]
    assert [run["Id"] for run in ours] == [good["job_run_id"], killed["job_run_id"]]
    whole(world)


def test_a_second_run_at_once_is_refused(
    world: World, source: Path, whole: Callable[[World], None], told: Callable[..., None]
) -> None:
    """Fault 7: exit code 3 names the run under way, which goes on undisturbed."""
    bucket = world.zones["processing-zone"]
    with world.script(GATE.format(bucket=bucket), before=True):
        first = job.start(world.target.aws, world.job, "theirs", SystemClock())
        refused = world.run("--source", source)
        told(refused, 3, "job", first, "--attach", "--stop")
        world.target.aws.s3.put_object(Bucket=bucket, Key="go", Body=b"")
        ended = world.run("--attach")
    assert ended.code == 0, ended.told
    assert (ended.document["run_id"], ended.document["job_run_id"]) == ("theirs", first)
    assert len([run for run in world.runs() if run["Arguments"]["--run_id"] == "theirs"]) == 1
    whole(world)


def test_a_writer_outside_glue_holds_the_tables(
    world: World, source: Path, told: Callable[..., None]
) -> None:
    """Fault 7: its lease ends the run before the first commit, with exit code 3 and its name."""
    lease = {
        "writer": {"run_id": "laptop", "job_name": "", "job_run_id": ""},
        "expires": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    body = json.dumps(lease).encode()
    world.target.aws.s3.put_object(
        Bucket=world.zones["bronze"], Key="_lease/writer.json", Body=body
    )
    told(world.run("--source", source), 3, "job", "held by run laptop")
    assert world.keys(world.zones["bronze"]) == ["_lease/writer.json"]


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_every_end_of_the_job_but_success(
    world: World, told: Callable[..., None], state: str
) -> None:
    """Fault 15: exit code 1, the run's id, the reason, the last log lines and the next step."""
    world.pipeline.rules.add(Rule("GetJobRun$", outcome(state, "out of luck"), times=ALWAYS))
    with world.script(WORDS):
        ended = world.run("--retries", "0")
    run = ended.document["job_run_id"]
    words = (run, f"ended as {state}", "out of luck", "  reading song 7", "Mend the cause")
    told(ended, 1, "job", *words)
    assert world.runs()[0]["Id"] == run


def test_a_job_that_says_why_it_fails(world: World, told: Callable[..., None]) -> None:
    """Fault 15: without any proxy's help, the script's own last words are in the message."""
    with world.script(f"{WORDS}\nraise SystemExit('song 7 is a poem')"):
        told(world.run(), 1, "job", "ended as FAILED", "song 7 is a poem", "  reading song 7")


def test_throttling_of_every_question_is_waited_out(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 14: more refusals in a row than boto3 itself survives, at every call that waits."""
    calls = ("GetJobRun", "GetCrawler", "GetQueryExecution")
    rules = [world.pipeline.rules.add(Rule(f"{c}$", faults.THROTTLED, times=8)) for c in calls]
    rules.append(world.pipeline.rules.add(Rule("StartJobRun$", faults.THROTTLED, times=2)))
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert [len(rule.hit) for rule in rules] == [8, 8, 8, 2]
    whole(world)


def test_throttling_does_not_outlast_the_deadline(
    world: World, told: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 14: a question that is refused for ever ends with the deadline, and says what runs."""
    # The job's own timeout is in minutes: the test does not wait for that.
    timeout = world.target.aws.glue.get_job(JobName=world.job)["Job"]["Timeout"]
    monkeypatch.setattr(job, "GRACE", 5.0 - 60 * timeout)
    world.pipeline.rules.add(Rule("GetJobRun$", faults.THROTTLED, first=2, times=ALWAYS))
    with world.script(WORDS):
        ended = world.run()
        told(ended, 1, "job", "still under way", ended.document["job_run_id"])


@pytest.mark.parametrize("fault", [faults.LOST, faults.LOST_500], ids=lambda fault: fault.name)
def test_the_reply_to_a_start_is_lost(
    world: World, source: Path, whole: Callable[[World], None], fault: faults.Fault
) -> None:
    """Fault 18: exactly one run is started, and it is the one that is waited for."""
    before = len(world.runs())
    rule = world.pipeline.rules.add(Rule("StartJobRun$", fault))
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert (len(rule.hit), len(world.runs()) - before) == (1, 1)
    newest = world.runs()[0]
    assert newest["Id"] == ended.document["job_run_id"]
    assert newest["Arguments"]["--run_id"] == ended.document["run_id"]
    whole(world)


def test_credentials_that_expire_while_the_job_runs(
    world: World, told: Callable[..., None]
) -> None:
    """Waiting ends, exit code 2; the run's id is told, for it goes on."""
    world.pipeline.rules.add(Rule("GetJobRun$", faults.EXPIRED, first=2, times=ALWAYS))
    with world.script("import time\ntime.sleep(600)"):
        ended = world.run()
        run = ended.document["job_run_id"]
        told(ended, 2, "job", "Sign in again", run, "--attach")
        world.target.aws.glue.batch_stop_job_run(JobName=world.job, JobRunIds=[run])
        ended_as = job.ended(world.target.aws, world.job, run, SystemClock(), lambda _: None)
        assert ended_as["JobRunState"] == "STOPPED"


def test_a_pipeline_that_is_killed_is_taken_up_by_attach(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """SIGKILL of the pipeline while the job runs: the job goes on, and --attach finishes."""
    with world.begin("--source", source) as running:
        rule = Rule("GetJobRun$", faults.RESET, first=2, then=running.kill)
        world.pipeline.rules.add(rule)
        running.communicate()
    assert running.returncode == -signal.SIGKILL
    assert len(rule.hit) == 1
    ended = world.run("--attach")
    if ended.code == 1 and "nothing to attach to" in ended.message:
        ended = world.run()  # the job was faster
    assert ended.code == 0, ended.told
    whole(world)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_ctrl_c_says_what_still_runs_and_stop_stops_it(
    world: World, number: signal.Signals
) -> None:
    """Exit code 130 with the run's id, the way to attach and the way to stop it."""
    with world.script("import time\ntime.sleep(600)"):
        running = world.begin()

        def interrupt() -> None:
            running.send_signal(number)

        world.pipeline.rules.add(Rule("GetJobRun$", faults.SLOW_DOWN, first=3, then=interrupt))
        out, told = running.communicate(timeout=120)
        assert running.returncode == 130, told
        assert "job       interrupted" in told
        assert "FAILED" not in told
        run = world.runs()[0]
        assert run["JobRunState"] in {"STARTING", "RUNNING"}
        message = json.loads(out)["error"]["message"]
        assert re.search(rf"{run['Id']}.* still runs.*--attach.*--stop", message), message
        stopped = world.run("--stop")
        assert stopped.code == 0, stopped.told
        assert stopped.document["stopped"]["job_run_id"] == run["Id"]
    assert world.runs()[0]["JobRunState"] == "STOPPED"


def test_localaws_is_killed_while_the_job_runs(
    new_world: Callable[[], World], source: Path, whole: Callable[[World], None], told: Any
) -> None:
    """SIGKILL of all of AWS: what it had answered is there again; the run failed, and is redone."""
    with new_world() as world:
        rule = Rule(FIRST_COMMIT.format("users"), faults.RESET, then=world.restart)
        world.jobs.rules.add(rule)
        ended = world.run("--source", source, "--retries", "0")
        assert len(rule.hit) == 1
        told(ended, 1, "job", "localaws stopped while this run was under way")
        world.jobs.rules.clear()
        ended = world.run("--source", source)
        assert ended.code == 0, ended.told
        whole(world)


def test_outputs_of_another_version_are_refused(world: World, told: Callable[..., None]) -> None:
    """Exit code 2 before anything is done: fields may mean something else there."""

    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        outputs = json.loads(document["Parameter"]["Value"])
        document["Parameter"]["Value"] = json.dumps(outputs | {"version": 2})
        return json.dumps(document).encode()

    before = len(world.runs())
    world.pipeline.rules.add(Rule("GetParameter$", faults.changed("version 2", rewrite)))
    told(world.run(), 2, None, "version 2", "reads version 1")
    assert len(world.runs()) == before
