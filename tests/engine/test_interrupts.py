"""Signals in the middle of an update: the stack is never left locked, unreadable or unexplained."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.engine.projects import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.projects import Project

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
def program():
    last = []
    for i in range(%d):
        options = pulumi.ResourceOptions(depends_on=last)
        last = [pulumi.CustomResource("slow:index:Thing", f"t{i}", {}, options)]
"""
"""One thing after the other."""


class Things:
    """What the program makes, slowly, and the updates that make it."""

    def __init__(self, project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = project
        self.folder = folder
        self.program = ""
        self._environ = monkeypatch
        monkeypatch.setenv("SLOW_FOLDER", str(folder))

    def begin(self, count: int, seconds: float) -> subprocess.Popen[str]:
        """Start an `up` that makes so many in all, and return when it is at another one."""
        self.program = PROGRAM % count
        self._environ.setenv("SLOW_SECONDS", str(seconds))
        running = self.project.begin("up", self.program)
        while not list(self.folder.glob("*.begun")):
            assert running.poll() is None, running.communicate()
            time.sleep(0.02)
        return running

    def end(self) -> str:
        """Do the last `up` again, with nothing to disturb it; what it told."""
        self._environ.setenv("SLOW_SECONDS", "0")
        running = self.project.begin("up", self.program)
        told = running.communicate()[1]
        assert running.returncode == 0, told
        assert PROGRAM % len(self.made()) == self.program
        assert "pending_operations" not in self.project.state()
        return told

    def made(self) -> list[Path]:
        """The things that are there."""
        return list(self.folder.glob("*.made"))


@pytest.fixture
def things(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Things:
    """A project whose provider takes its time."""
    folder = tmp_path / "slow"
    folder.mkdir()
    script = folder / "pulumi-resource-slow"
    provider = ROOT / "tests" / "engine" / "slow_provider.py"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{provider}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    return Things(project, folder, monkeypatch)


def test_an_interrupted_update_ends_in_good_order(things: Things) -> None:
    """By Ctrl-C to the command alone or at a terminal, or by SIGTERM: no lock and nothing open
    stays, the message says what was done, and the next update goes on.
    """
    project = things.project
    for send, number in ((os.kill, signal.SIGINT), (os.killpg, signal.SIGINT), (os.kill, 15)):
        before = len(project.state()["resources"]) if things.made() else 0
        running = things.begin(30, 0.5)
        send(running.pid, number)
        told = running.communicate()[1]
        assert running.returncode == 130, told
        assert "up        interrupted" in told
        assert "FAILED" not in told
        assert project.locks() == []
        state = project.state()
        assert "pending_operations" not in state
        assert told.splitlines()[-1] == (
            f"Interrupted: Pulumi ended early. Changes made and written down: "
            f"{len(state['resources']) - before}. `lakehouse up --stack {project.stack}` goes on "
            "from here."
        )
        assert 0 < len(things.made()) < 30
    assert "interrupted" not in things.end()


def test_a_second_signal_does_not_wait_and_says_what_is_not_known(things: Things) -> None:
    """What was under way is named, and the next update looks after it."""
    running = things.begin(1, 60)
    os.kill(running.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(running.pid, signal.SIGINT)
    told = running.communicate(timeout=50)[1]
    assert running.returncode == 130, told
    assert "Interrupted again" in told
    assert "how this ended is not known: creating t0. `lakehouse up" in told
    assert things.project.locks() == []
    assert "what it had begun is done again: creating t0" in things.end()


def test_pulumi_ends_in_good_order_when_the_command_is_killed(things: Things) -> None:
    """It outlives the command and gives the stack free. Killed too, it leaves its lock, and after
    `pulumi cancel` the next update makes all of it.
    """
    project = things.project
    running = things.begin(30, 1)
    assert len(project.locks()) == 1
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    deadline = time.monotonic() + 60
    while project.locks():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "pending_operations" not in project.state()
    assert len(things.made()) < 30

    running = things.begin(len(things.made()) + 1, 2)
    found = subprocess.run(
        ["pgrep", "-P", str(running.pid)],  # noqa: S607
        capture_output=True,
        check=True,
        text=True,
    )
    for child in found.stdout.split():
        os.kill(int(child), signal.SIGKILL)
    running.kill()
    running.communicate()
    refused = project.begin("up", things.program)
    told = refused.communicate()[1]
    assert (refused.returncode, f"pulumi cancel --stack {project.stack}" in told) == (3, True), told
    project.pulumi("cancel", "--yes")
    assert "what it had begun is done again: creating" in things.end()
