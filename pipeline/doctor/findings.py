"""What a check found, and how checks are run: one that could not look says so, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from pipeline.errors import RunFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipeline.progress import Display

Status = Literal["ok", "warning", "problem", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """One line of what the doctor has to say."""

    check: str
    status: Status
    message: str
    advice: str = ""
    """What to do next; empty when there is nothing to do."""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints for it."""
        return {
            "check": self.check,
            "status": self.status,
            "message": self.message,
            "next": self.advice or None,
        }

    def as_text(self) -> str:
        """Return the line that people read."""
        advice = f"\n{'':<11}-> {self.advice}" if self.advice else ""
        return f"{self.status:<10} {self.check}: {self.message}{advice}"


class UncheckedError(Exception):
    """A check cannot look; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """What a check makes of what it saw; it gets the check's name when it is reported."""

    status: Status
    message: str
    advice: str = ""


Check = tuple[str, "Callable[[], Iterable[Verdict]]"]
"""A check's name, and what it looks at."""


def examine(checks: Sequence[Check], display: Display) -> list[Finding]:
    """Run the checks in order; later ones may build on what earlier ones found."""
    found: list[Finding] = []
    for number, (name, look) in enumerate(checks):
        display.doing(name, number, len(checks))
        try:
            verdicts = list(look())
        except UncheckedError as reason:
            verdicts = [Verdict("unchecked", str(reason))]
        except ClientError as error:
            verdicts = [Verdict("unchecked", refusal(error))]
        except (HTTPClientError, BotoConnectionError) as error:
            verdicts = [Verdict("unchecked", f"AWS gave no answer: {error}")]
        found += [Finding(name, one.status, one.message, one.advice) for one in verdicts]
    return found


def refusal(error: ClientError) -> str:
    """Say what AWS did not do."""
    told = error.response["Error"]
    message = str(told.get("Message", "no message")).rstrip(". ")
    return f"AWS answered {error.operation_name} with {told.get('Code', '?')}: {message}"


def fail_on_problems(findings: Sequence[Finding], what: str) -> None:
    """Raise when there is a problem.

    Raises:
        RunFailedError: with the names of the checks that found one.
    """
    problems = list(dict.fromkeys(one.check for one in findings if one.status == "problem"))
    if problems:
        raise RunFailedError(
            f"{what} is not ready: see {', '.join(problems)} above, and what to do about each."
        )
