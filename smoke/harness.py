"""Make the stack, run the pipeline, make every check, and destroy it whatever happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.explain import explain
from smoke.check import Outcome, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.interrupts import Interrupts
    from smoke.check import Check
    from smoke.deployment import Deployment
    from smoke.subject import Subject

DESTROYS = 3
"""Attempts to destroy: Glue lets go of its network interfaces some minutes after a run."""

PAUSE = 120.0
"""Seconds between two attempts."""


@dataclass
class Report:
    """How it went."""

    outcomes: list[Outcome] = field(default_factory=list)
    failure: str = ""
    """What ended the checks before their end."""
    left: list[str] = field(default_factory=list)
    """What could not be destroyed."""
    destroy_failure: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong and nothing is left; what could not be checked is neither."""
        wrong = any(one.status == "wrong" for one in self.outcomes)
        return not (wrong or self.failure or self.left or self.destroy_failure)

    def summary(self) -> str:
        """One line for the end."""
        counts = {
            status: sum(one.status == status for one in self.outcomes)
            for status in ("ok", "wrong", "unchecked")
        }
        line = ", ".join(f"{count} {status}" for status, count in counts.items())
        return f"{line}; {self.failure}" if self.failure else line


def smoke(
    deployment: Deployment,
    checks: Sequence[Check],
    begin: Callable[[], Subject],
    *,
    interrupts: Interrupts,
    say: Callable[[str], None],
    sleep: Callable[[float], None],
) -> Report:
    """Do all of it, and never leave without having tried to destroy.

    Args:
        deployment: the stack, prepared but not made yet.
        checks: in their order.
        begin: runs the pipeline on the stack and returns what the checks look at.
        interrupts: Ctrl-C ends the checks, and the stack is destroyed.
        say: shows a line to the user.
        sleep: waits between two attempts to destroy.
    """
    report = Report()
    try:
        try:
            say(f"Making the stack {deployment.name}")
            with interrupts.shielded("Pulumi ends its work first, then the stack is destroyed"):
                deployment.up()
            subject = begin()
            for one in checks:
                report.outcomes.append(judge(one, subject))
                say(str(report.outcomes[-1]))
        finally:
            # Within the outer `try`: a signal that comes now ends the checks as any other does.
            interrupts.hold(f"the stack {deployment.name} is being destroyed, please wait")
    except KeyboardInterrupt:
        report.failure = "interrupted"
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack has to go
        report.failure = explain(error).message
    finally:
        _destroy(deployment, report, say, sleep)
    return report


def _destroy(
    deployment: Deployment,
    report: Report,
    say: Callable[[str], None],
    sleep: Callable[[float], None],
) -> None:
    for attempt in range(1, DESTROYS + 1):
        say(f"Destroying the stack {deployment.name} (attempt {attempt} of {DESTROYS})")
        try:
            deployment.destroy()
        except Exception as error:  # noqa: BLE001 - the next attempt may succeed
            report.destroy_failure = explain(error).message
            say(f"It did not succeed: {report.destroy_failure}")
            if attempt < DESTROYS:
                sleep(PAUSE)
        else:
            report.destroy_failure = ""
            return
    try:
        report.left = deployment.left()
    except Exception as error:  # noqa: BLE001 - a list that cannot be made is part of the report
        report.left = [f"unknown, as the state cannot be read: {explain(error).message}"]
