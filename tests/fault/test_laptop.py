"""Local mode on a machine where things are taken, dead, full, cut off or wrong."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from botocore.retries.standard import ExponentialBackoff

from localaws import process
from pipeline import local
from pipeline.cli import run_command
from pipeline.errors import RunFailedError
from pipeline.wait import SystemClock
from tests.fault.faults import ALWAYS, Fault, Rule
from tests.fault.world import PAUSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault.world import World

DEAD = "http://127.0.0.1:9"
"""A proxy that is not there: whatever asks it, fails."""
EVERY_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def command(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Begin a command of `lakehouse` as a user does."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=local.ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(running: subprocess.Popen[str], status: int) -> dict[str, Any]:
    """Wait for the end of a command with --json, and read its answer."""
    out, err = running.communicate(timeout=280)
    assert running.returncode == status, err
    assert "Traceback" not in err
    document: dict[str, Any] = json.loads(out)
    return document


@pytest.fixture
def state(template: Path, tmp_path: Path) -> Path:
    """The state folder of a local stack that never ran."""
    return Path(shutil.copytree(template, tmp_path / "state"))


def rows(document: dict[str, Any]) -> dict[str, int]:
    """The row counts of a run."""
    return {name: table["rows"] for name, table in document["tables"].items()}


def counted(hashes: dict[str, str]) -> dict[str, int]:
    """The row counts with which content hashes begin."""
    return {name: int(text.partition(":")[0]) for name, text in hashes.items()}


def test_a_taken_port(tmp_path: Path) -> None:
    """Fault 24: exit code 2 names the port and the way out, and no folder is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        document = ended(command("serve", "--port", port, "--state", tmp_path / "s", "--json"), 2)
    assert f"Port {port} on 127.0.0.1 is taken" in document["error"]["message"]
    assert "--port 0" in document["error"]["message"]


def test_localaws_dies_in_the_middle_of_a_run(
    state: Path, source: Path, monkeypatch: pytest.MonkeyPatch, clean: dict[str, str]
) -> None:
    """Fault 24: told at once and by name, exit code 1; the next run over the same folder is whole.

    What it left locked, half written and lying in the folder for temporary files is no obstacle.
    """
    started: list[process.Server] = []
    start = process.start

    def remember(**how: Any) -> process.Server:
        started.append(start(**how))
        return started[-1]

    def die(*_: Any, **__: Any) -> None:
        os.kill(started[-1].pid, signal.SIGKILL)
        started[-1].wait()

    arguments = ["run", "--local", "--state", str(state), "--source", str(source), "--json"]
    monkeypatch.setattr(process, "start", remember)
    out = io.StringIO()
    with (
        patch("pipeline.attempts.ended", die),
        patch.object(ExponentialBackoff, "delay_amount", lambda *_: PAUSE),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        assert run_command(arguments) == 1
    message = json.loads(out.getvalue())["error"]["message"]
    assert "was ended by signal SIGKILL in the middle of the work" in message
    assert "run again with the same --state" in message
    document = ended(command(*arguments), 0)
    assert document["upload"]["uploaded"] == 0
    assert rows(document) == counted(clean)


def test_waiting_for_a_localaws_that_died_ends_at_once() -> None:
    """Fault 24: the clock of the waiters looks after it; nobody waits out the two minutes."""
    with process.start() as running:
        clock = local.WatchfulClock(SystemClock(), running, None)
        clock.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        with pytest.raises(RunFailedError, match=r"SIGKILL.*Run again; with --state DIR"):
            clock.sleep(0.01)


def test_a_state_folder_left_by_a_crash(state: Path, source: Path, clean: dict[str, str]) -> None:
    """Fault 24: a run that was killed with its localaws leaves a folder that the next one takes."""
    arguments = ("run", "--local", "--state", state, "--source", source, "--json")
    running = command(*arguments)
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("job ..."):
            break
    running.kill()
    running.communicate()
    with (state / "aws" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # its localaws notices and ends: that takes a moment
    document = ended(command(*arguments), 0)
    assert rows(document) == counted(clean)


def test_no_network(state: Path, source: Path, clean: dict[str, str]) -> None:
    """Fault 24: whoever asked the world outside would meet a proxy that is not there."""
    environment = dict.fromkeys(EVERY_PROXY, DEAD) | {"NO_PROXY": "", "no_proxy": ""}
    arguments = ("run", "--local", "--state", state, "--source", source, "--json")
    document = ended(command(*arguments, **environment), 0)
    assert rows(document) == counted(clean)


def test_no_folder_for_temporary_files(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fault 24: one sentence that names the variable which chooses another."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert run_command(["run", "--local", "--state", str(state), "--json"]) == 1
    message = json.loads(capsys.readouterr().out)["error"]["message"]
    assert "can be written (Read-only file system)" in message
    assert "TMPDIR" in message


def test_two_local_runs_at_once(
    state: Path, template: Path, tmp_path: Path, source: Path, clean: dict[str, str]
) -> None:
    """Fault 24: each with a folder of its own succeeds; a third on the first's folder is told."""
    other = Path(shutil.copytree(template, tmp_path / "other"))

    def begin(folder: Path) -> subprocess.Popen[str]:
        return command("run", "--local", "--state", folder, "--source", source, "--json")

    first, second = begin(state), begin(other)
    assert first.stderr is not None
    for line in first.stderr:
        if line.startswith("upload ..."):
            break
    document = ended(begin(state), 2)
    assert document["error"]["type"] == "StateInUseError"
    assert [rows(ended(one, 0)) for one in (first, second)] == [counted(clean)] * 2


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns"])
def test_another_time_zone(world: World, source: Path, clean: dict[str, str], zone: str) -> None:
    """Fault 24: fourteen hours ahead, or three and a half behind: the same tables."""
    environment = {"TZ": zone}
    with world.begin("--source", source, **environment) as running:
        document = ended(running, 0)
    assert rows(document) == counted(clean)
    assert world.hashes() == clean


def test_a_clock_that_is_wrong(world: World, told: Callable[..., None]) -> None:
    """Fault 24: AWS refuses what it takes for old; the message names the clock, not the keys."""
    for status, code in ((403, "RequestTimeTooSkewed"), (400, "RequestExpired")):
        world.pipeline.rules.clear()
        late = Fault(name="clock", status=status, code=code)
        world.pipeline.rules.add(Rule("GetParameter$", late, times=ALWAYS))
        told(world.run(), 2, None, code, "clock of this machine")
