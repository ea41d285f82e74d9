"""One check: a behaviour of AWS, the function that looks at it, and what it may answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import LakehouseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from smoke.subject import Subject

Status = Literal["ok", "wrong", "unchecked"]


class WrongError(Exception):
    """AWS does not behave as the project takes for granted; the message says what it did."""


class CannotCheckError(Exception):
    """The check could not look; the message says why."""


@dataclass(frozen=True)
class Check:
    """A behaviour, and the function that returns what it saw where AWS behaves so."""

    name: str
    says: str
    """The behaviour, in the words of docs/unproven.md."""
    look: Callable[[Subject], str]


@dataclass(frozen=True)
class Outcome:
    """What one check answered."""

    name: str
    status: Status
    told: str

    def __str__(self) -> str:
        mark = {"ok": "ok        ", "wrong": "WRONG     ", "unchecked": "unchecked "}[self.status]
        return f"{mark}{self.name}: {self.told}"


def check(look: Callable[[Subject], str]) -> Check:
    """Make a function into a check: its name and the first sentence of its docstring are those of
    the check. The function raises `WrongError` or `CannotCheckError`.
    """
    says = " ".join((look.__doc__ or "").split("\n\n")[0].split()).removesuffix(".")
    return Check(look.__name__.replace("_", "-"), says, look)


def judge(one: Check, subject: Subject) -> Outcome:
    """Run one check; no error of its own ends the others.

    Raises:
        KeyboardInterrupt: the user has had enough.
    """
    try:
        return Outcome(one.name, "ok", one.look(subject))
    except WrongError as error:
        return Outcome(one.name, "wrong", str(error))
    except CannotCheckError as error:
        return Outcome(one.name, "unchecked", str(error))
    except (ClientError, BotoCoreError, LakehouseError) as error:
        # A call of the check itself was refused or failed: that says nothing of the behaviour.
        return Outcome(one.name, "unchecked", f"{type(error).__name__}: {error}")
