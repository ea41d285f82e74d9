"""What can go wrong with one call to AWS, and the rule that says which call it goes wrong with."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALWAYS = 1_000_000
"""For a fault that does not pass."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a call, and what its caller is answered."""

    name: str
    carried_out: bool = False
    """Whether AWS does what it was asked all the same."""
    status: int = 0
    """Status of the answer; 0 resets the connection instead."""
    code: str = ""
    """AWS's error code, in the form of the service that was called."""
    delay: float = 0.0
    """Seconds before anything happens."""
    through: bool = False
    """Give the true answer: what goes wrong is what the rule does before."""
    cut: bool = False
    """Break off in the middle of the true answer's body."""
    rewrite: Callable[[bytes], bytes] | None = None
    """Change the true answer's body instead."""

    def body(self, *, json_service: bool) -> bytes:
        """The error's document: JSON for Glue, Athena and the like, XML for S3."""
        if json_service:
            return json.dumps({"__type": self.code, "message": f"{self.name} (test)"}).encode()
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code>'
            f"<Message>{self.name} (test)</Message><RequestId>0</RequestId></Error>"
        ).encode()


SLOW_DOWN = Fault(name="slow down", status=503, code="SlowDown")
INTERNAL = Fault(name="internal error", status=500, code="InternalError")
THROTTLED = Fault(name="throttled", status=400, code="ThrottlingException")
RESET = Fault(name="connection reset")
LATE = Fault(name="no answer in time", delay=3.0)
LOST = Fault(name="reply lost", carried_out=True)
LOST_500 = Fault(name="reply replaced by a 500", carried_out=True, status=500, code="InternalError")
CUT = Fault(name="body cut short", carried_out=True, cut=True)
DENIED = Fault(name="denied", status=403, code="AccessDenied")
KEY_DISABLED = Fault(name="key disabled", status=400, code="KMS.DisabledException")
EXPIRED = Fault(name="credentials expired", status=400, code="ExpiredTokenException")


def changed(name: str, rewrite: Callable[[bytes], bytes]) -> Fault:
    """A fault that lets the call through and changes what it answers."""
    return Fault(name=name, carried_out=True, status=200, rewrite=rewrite)


@dataclass
class Rule:
    """The fault, and the calls that it happens to: the `first` one of those that match, and on.

    `pattern` is searched in the line that `Call.line` gives. `then` is called as the fault
    happens, before anything is answered: to kill a process.
    """

    pattern: str
    fault: Fault
    first: int = 1
    times: int = 1
    then: Callable[[], None] | None = None
    seen: int = 0
    """Calls that matched so far."""
    hit: list[str] = field(default_factory=list)
    """The calls that the fault happened to."""

    def takes(self, line: str) -> bool:
        """Count a call, and tell whether the fault happens to it."""
        if re.search(self.pattern, line) is None:
            return False
        self.seen += 1
        if not self.first <= self.seen < self.first + self.times:
            return False
        self.hit.append(line)
        return True


class Rules:
    """The rules in force; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self.calls = 0
        """Calls since the rules were last cleared."""

    def add(self, rule: Rule) -> Rule:
        """Put a rule into force."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let every call through again."""
        with self._lock:
            self._rules.clear()
            self.calls = 0

    def for_call(self, line: str) -> Rule | None:
        """The first rule whose fault happens to this call; every rule counts the call."""
        with self._lock:
            self.calls += 1
            taking = [rule for rule in self._rules if rule.takes(line)]
        return taking[0] if taking else None
