"""Calls to S3 that are refused, answered late, cut short, or carried out without an answer."""

from __future__ import annotations

import socket
from itertools import cycle
from operator import attrgetter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pipeline import aws
from tests.fault import faults
from tests.fault.faults import ALWAYS, Fault, Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import World

PASSING = [faults.SLOW_DOWN, faults.INTERNAL, faults.RESET, faults.CUT]
AFTERWARDS = [faults.LOST, faults.LOST_500]
"""What S3 was asked has happened, and nobody was told."""
SHORT = """
from botocore.config import Config
Config.OPTION_DEFAULTS["read_timeout"] = 2.0
"""
"""Comes before the job's script: boto3 waits two seconds for an answer, not sixty."""
NAME = attrgetter("name")


@pytest.mark.parametrize("fault", AFTERWARDS, ids=NAME)
def test_a_commit_that_landed_and_whose_reply_was_lost(
    world: World, source: Path, whole: Callable[[World], None], fault: Fault
) -> None:
    """Fault 3: the commits of two tables are there, and their writer was not told."""
    rules = [
        world.jobs.rules.add(Rule(rf"PUT \S*/{table}/_delta_log/0+1\.json", fault))
        for table in ("songplays", "ingested_files")
    ]
    ended = world.run("--source", source)
    assert rules[0].hit
    if ended.code:
        assert (ended.code, ended.document["error"]["type"]) == (1, "RunFailedError"), ended.told
        world.jobs.rules.clear()
        ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    whole(world)


def test_calls_of_the_job_to_s3_that_go_wrong_once(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 13: every twentieth call of the job; what does not come through comes with the next."""
    rules = [
        world.jobs.rules.add(Rule(".", fault, first))
        for first, fault in zip(range(10, 210, 20), cycle(PASSING), strict=False)
    ]
    while not all(rule.hit for rule in rules[: len(PASSING)]):
        ended = world.run("--source", source)
        if ended.code:
            assert (ended.code, ended.document["error"]["type"]) == (1, "RunFailedError")
    world.jobs.rules.clear()
    if ended.code or ended.document["files"].get("failed"):
        ended = world.finish(source)
    assert ended.code == 0, ended.told
    whole(world)


def test_calls_of_the_pipeline_to_s3_that_go_wrong_once(
    world: World, source: Path, whole: Callable[[World], None]
) -> None:
    """Fault 13: every other call while files are uploaded, and while the checks read the logs."""
    rules = [
        world.pipeline.rules.add(Rule(pattern, fault, first))
        for pattern in (r" /\S*-data/", r"GET \S*_delta_log")
        for first, fault in zip(range(2, 14, 2), [*PASSING, *AFTERWARDS], strict=True)
    ]
    ended = world.run("--source", source)
    assert all(rule.hit for rule in rules)
    assert ended.code == 0, ended.told
    whole(world)


def test_answers_that_come_too_late(
    world: World,
    source: Path,
    whole: Callable[[World], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fault 13: neither the upload nor the job's manifest waits for ever; both ask again."""
    monkeypatch.setattr(aws, "READ_TIMEOUT", 2.0)
    rules = [
        world.pipeline.rules.add(Rule(r"PUT /\S*-data/", faults.LATE)),
        world.jobs.rules.add(Rule(r"PUT /\S*/manifest\.json", faults.LATE)),
    ]
    with world.script(SHORT, before=True):
        ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    assert [len(rule.hit) for rule in rules] == [1, 1]
    whole(world)


def test_s3_that_never_recovers(
    world: World, source: Path, whole: Callable[[World], None], told: Callable[..., None]
) -> None:
    """Fault 13: each run fails in the stage that needs it, and the next one finishes."""
    for fault in (faults.SLOW_DOWN, faults.RESET):
        world.pipeline.rules.add(Rule(r"PUT /\S*-data/", fault, first=5, times=ALWAYS))
        told(world.run("--source", source), 1, "upload")
        world.pipeline.rules.clear()
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    whole(world)


def test_a_key_that_is_disabled_or_not_ours(
    world: World, source: Path, whole: Callable[[World], None], told: Callable[..., None]
) -> None:
    """Fault 22: the pipeline fails with what S3 said, at the upload and in the job."""
    for fault, word in ((faults.DENIED, "denied"), (faults.KEY_DISABLED, faults.KEY_DISABLED.code)):
        world.pipeline.rules.add(Rule(r"PUT /\S*-data/", fault, times=ALWAYS))
        told(world.run("--source", source), 1, "upload", word)
        world.pipeline.rules.clear()
    for fault in (faults.DENIED, faults.KEY_DISABLED):
        world.jobs.rules.add(Rule(r"PUT /\S*/manifest\.json", fault, times=ALWAYS))
        ended = world.run("--source", source)
        told(ended, 1, "job", fault.code, "Mend the cause", ended.document["job_run_id"])
        world.jobs.rules.clear()
    ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    whole(world)


def test_a_body_that_breaks_off_is_not_forwarded(world: World) -> None:
    """Of a client that died while it sent, the proxy passes nothing on: S3 would take nothing."""
    address = urlsplit(world.jobs.endpoint)
    place = f"{world.zones['landing-zone']}/song-data/cut.json"
    with socket.create_connection((address.hostname, address.port)) as dying:
        dying.sendall(f"PUT /{place} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\npart".encode())
        dying.shutdown(socket.SHUT_WR)
        dying.settimeout(10)
        assert dying.recv(1) == b""
    assert world.keys(world.zones["landing-zone"]) == []
