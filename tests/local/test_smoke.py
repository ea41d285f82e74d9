"""The harness of `make smoke-aws`, on localaws: checks answer, and the stack always goes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lakehouse.account import Account
from lakehouse.naming import Names
from lakehouse.program import program
from localaws.bridge import provision
from localaws.bridge.state import State
from pipeline.aws import Aws
from pipeline.errors import DeployError, UsageError
from pipeline.interrupts import Interrupts
from smoke.__main__ import main
from smoke.check import Check, WrongError, check
from smoke.checks import CHECKS
from smoke.deployment import PREFIX, settings
from smoke.guard import refuse_other_account, refuse_unless_meant
from smoke.harness import DESTROYS, Report, smoke
from smoke.run import begin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from localaws.process import Server
    from smoke.deployment import Deployment
    from smoke.subject import Subject

ACCOUNT = "123456789012"
EMULATED = {
    "analyst-role",
    "tls-only",
    "private-run",
    "interfaces-go",
    "flow-logs",
    "nobodys-code",
    "freshness-alarm",
    "alarm-action",
    "failure-events",
    "event-delivery",
    "lake-formation",
}
"""What only AWS itself can answer: there the emulator says so."""


class BridgeDeployment:
    """The stack, provisioned in this process instead of by Pulumi's engine."""

    name = "smoke-local"

    def __init__(self, endpoint: str, state: Path) -> None:
        self.endpoint = endpoint
        self.state = state
        self.settings = settings(ACCOUNT, "us-east-1")

    def up(self, **changed: Any) -> dict[str, int]:
        """Make or update it."""
        self.settings |= changed
        return self._run(program)

    def destroy(self) -> None:
        """Delete all of it."""
        self._run(lambda: None)

    def left(self) -> list[str]:
        """What is still there."""
        return list(State.load(self.state).resources)

    def _run(self, what: Callable[[], None]) -> dict[str, int]:
        before = dict(State.load(self.state).resources)
        provision(
            what,
            project="lakehouse",
            stack=self.name,
            config=self.settings,
            endpoint=self.endpoint,
            region="us-east-1",
            state=self.state,
        )
        after = State.load(self.state).resources
        made = {urn for urn in after if urn not in before}
        return {
            "create": len(made),
            "delete": len(set(before) - set(after)),
            "same": sum(before[urn].inputs == after[urn].inputs for urn in set(after) - made),
        }


class NoDeployment:
    """A stack that is only talked about; it notes what it is asked for."""

    name = "smoke-none"

    def __init__(self, *, destroys_at: int = 1, on_up: Callable[[], None] = lambda: None) -> None:
        self.asked: list[str] = []
        self.on_up = on_up
        self.destroys_at = destroys_at

    def up(self, **_: Any) -> dict[str, int]:
        """Note it."""
        self.asked.append("up")
        self.on_up()
        self.asked.append("up has ended")
        return {}

    def destroy(self) -> None:
        """Note it; fail before the attempt at which it succeeds."""
        self.asked.append("destroy")
        if self.asked.count("destroy") < self.destroys_at:
            raise DeployError("a network interface is still in use")

    def left(self) -> list[str]:
        """What is still there."""
        return ["aws:ec2/subnet:Subnet subnet-1"]


def run(
    deployment: Deployment, checks: Sequence[Check], begin: Callable[[], Any] = lambda: None
) -> tuple[Report, list[str], list[float]]:
    """Run the harness; its report, what it said, and how long it waited."""
    said: list[str] = []
    slept: list[float] = []
    interrupts = Interrupts(said.append)
    with interrupts.taken():
        report = smoke(
            deployment, checks, begin, interrupts=interrupts, say=said.append, sleep=slept.append
        )
    return report, said, slept


@check
def never_right(subject: Subject) -> str:
    """A check that fails."""
    raise WrongError(f"{subject.names.base} is not what it should be")


@check
def fine(subject: Subject) -> str:
    """A check that does not."""
    del subject
    return "good"


def test_a_failing_check_is_told_and_the_stack_goes_all_the_same(
    server: Server, client: Callable[[str], Any], tmp_path: Path
) -> None:
    """Stack, run and every check work against localaws; what it cannot answer it says; one check
    that fails ends neither the others nor the cleaning up.
    """
    deployment = BridgeDeployment(server.endpoint, tmp_path / "stack.json")
    environment = server.environment()
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    aws = Aws(session, server.endpoint)
    names = Names(PREFIX, deployment.name, Account(ACCOUNT, "aws", "us-east-1"))
    report, said, _ = run(deployment, [never_right, *CHECKS], lambda: begin(aws, names, deployment))
    told = {one.name: one for one in report.outcomes}
    assert report.failure == ""
    assert told.pop("never-right").told == "music-smoke-local is not what it should be"
    answers = {name: one.status for name, one in told.items()}
    expected = {one.name: "unchecked" if one.name in EMULATED else "ok" for one in CHECKS}
    assert answers == expected, "\n".join(said)
    assert all("emulator" in told[name].told for name in EMULATED)
    assert not report.good
    assert "WRONG     never-right" in "\n".join(said)
    assert report.destroy_failure == ""
    left = [
        one["Name"] for one in client("s3").list_buckets()["Buckets"] if names.base in one["Name"]
    ]
    assert left == []
    assert deployment.left() == []


def test_ctrl_c_in_a_check_destroys_the_stack() -> None:
    """The other checks are not made, and a second Ctrl-C changes nothing."""

    @check
    def interrupted(subject: Subject) -> str:
        """Ctrl-C."""
        del subject
        os.kill(os.getpid(), signal.SIGINT)
        return "never seen"

    class Patient(NoDeployment):
        def destroy(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().destroy()

    deployment = Patient()
    report, said, _ = run(deployment, [interrupted, fine])
    assert (report.failure, report.outcomes, report.good) == ("interrupted", [], False)
    assert deployment.asked[-1] == "destroy"
    assert any("being destroyed, please wait" in line for line in said)


def test_ctrl_c_while_pulumi_works_lets_it_end_first() -> None:
    """To destroy beside an update that still runs would find the stack locked."""
    deployment = NoDeployment(on_up=lambda: os.kill(os.getpid(), signal.SIGINT))
    report, said, _ = run(deployment, [fine])
    assert deployment.asked == ["up", "up has ended", "destroy"]
    assert report.failure == "interrupted"
    assert any("Pulumi ends its work first" in line for line in said)


def test_whatever_fails_before_the_checks_is_told_and_the_stack_goes() -> None:
    """Also what nobody foresaw."""

    def fails() -> None:
        raise DeployError("no more addresses")

    report, _, _ = run(deployment := NoDeployment(on_up=fails), [fine])
    assert (report.failure, deployment.asked[-1]) == ("no more addresses", "destroy")

    def breaks() -> None:
        raise ZeroDivisionError

    report, _, _ = run(deployment := NoDeployment(), [fine], breaks)
    assert "ZeroDivisionError" in report.failure
    assert deployment.asked[-1] == "destroy"


def test_a_destroy_that_fails_is_tried_again_and_then_tells_what_is_left() -> None:
    """Glue lets go of its network interfaces late; what stays is named."""
    report, _, slept = run(NoDeployment(destroys_at=2), [fine])
    assert report.good
    assert len(slept) == 1
    report, said, slept = run(NoDeployment(destroys_at=DESTROYS + 1), [fine])
    assert not report.good
    assert len(slept) == DESTROYS - 1
    assert report.left == ["aws:ec2/subnet:Subnet subnet-1"]
    assert "still in use" in report.destroy_failure
    assert sum(line.startswith("Destroying") for line in said) == DESTROYS


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "SMOKE_AWS=yes"),
        ({"SMOKE_AWS": "1", "SMOKE_AWS_ACCOUNT": ACCOUNT}, "about a dollar"),
        ({"SMOKE_AWS": "yes"}, "12 digits"),
        ({"SMOKE_AWS": "yes", "SMOKE_AWS_ACCOUNT": "12345"}, "'12345' is no account id"),
    ],
)
def test_it_refuses_unless_it_is_meant(environment: dict[str, str], says: str) -> None:
    """Nothing that costs money begins by mistake."""
    with pytest.raises(UsageError, match=says):
        refuse_unless_meant(environment)


def test_it_refuses_the_credentials_of_another_account(server: Server) -> None:
    """The account is named twice: by a variable, and by the credentials."""
    aws = Aws(boto3.Session("a", "b", region_name="us-east-1"), server.endpoint)
    refuse_other_account(aws, ACCOUNT)
    with pytest.raises(UsageError, match="allows 999999999999 alone"):
        refuse_other_account(aws, "999999999999")


def test_the_command_itself_refuses_before_anything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with the code of wrong usage, and one sentence."""
    monkeypatch.delenv("SMOKE_AWS", raising=False)
    assert main([]) == 2
    assert "If you mean it: make smoke-aws SMOKE_AWS=yes" in capsys.readouterr().err
