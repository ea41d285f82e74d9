"""Waiting for what AWS does in the background: Glue and Athena come without waiters in boto3.

A start that AWS puts off is made again, after pauses that grow. A look is one cheap describe call.
Looks are spaced by a tenth of the time waited so far, between 0.1 s and 0.5 s, with jitter: a run
waits for job, crawler and query, and notices all three ends within 2 s together, whether they took
seconds on a laptop or an hour on AWS. Where many share an account, looks that it throttles are
waited out.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from pipeline.errors import OutOfTimeError, RunFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SHORTEST_PAUSE = 0.1
"""Seconds between looks at the start."""

LONGEST_PAUSE = 0.5
"""Seconds between looks once something has been under way for long."""

UNREACHABLE_FOR = 120.0
"""Seconds without a single answer from AWS after which waiting is given up."""

STARTING = 5 * 60.0
"""Seconds for which a start is made again when AWS puts it off."""

FIRST_PAUSE = 1.0
"""Seconds between the first two starts, or attempts; each later pause is twice the one before."""

LAST_PAUSE = 30.0
"""Seconds beyond which such a pause does not grow."""

TOO_MANY_REQUESTS = 429
"""The HTTP status that says "later", whatever code comes with it."""

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Error codes that say "later": the request was refused before anything was done."""


class Clock(Protocol):
    """Time as the waiters see it; tests bring their own."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        time.sleep(seconds)


def is_throttled(error: Exception) -> bool:
    """Tell whether AWS refused the request for now, without having done anything."""
    return _code(error) in THROTTLING_CODES or _status(error) == TOO_MANY_REQUESTS


def is_ambiguous(error: Exception) -> bool:
    """Tell whether the request may or may not have been carried out.

    That is so when the connection broke, when no reply came in time, and for every 5xx answer.
    """
    if isinstance(error, ClientError):
        code = _code(error)
        return not is_throttled(error) and (
            _status(error) >= 500
            or code in {"InternalServiceException", "OperationTimeoutException"}
        )
    return isinstance(error, HTTPClientError | BotoConnectionError)


def pause_before(again: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds to wait before the start or attempt number `again` (1 is the first repetition).

    Half of it is chance, so that those who were refused together do not come back together.
    """
    return float(min(FIRST_PAUSE * 2 ** (again - 1), LAST_PAUSE) * (0.5 + jitter()))


def until_taken(call: Callable[[], T], *, what: str, clock: Clock) -> T:
    """Make the call, again while AWS puts it off, and return its answer.

    Args:
        call: starts something; may be repeated when it was refused.
        what: names the start in messages, as in "the start of a query".
        clock: see `Clock`.

    Raises:
        RunFailedError: AWS put it off for `STARTING` seconds.
    """
    began, again = clock.now(), 0
    while True:
        try:
            return call()
        except ClientError as error:
            if not is_throttled(error):
                raise
            if clock.now() - began >= STARTING:
                raise RunFailedError(
                    f"AWS put off {what} for {duration(clock.now() - began)} "
                    f"({_first_line(error)}). Nothing was started: run again when less is going "
                    "on in the account."
                ) from error
        again += 1
        clock.sleep(pause_before(again))


def wait_for(
    look: Callable[[], T | None],
    *,
    what: str,
    timeout: float,
    clock: Clock,
    jitter: Callable[[], float] = random.random,
) -> T:
    """Look until there is an answer, and return it.

    Args:
        look: returns None while the thing is still under way.
        what: names the thing in messages, as in "the crawl of dev-bronze".
        timeout: seconds; after a look beyond it the waiting ends.
        clock: see `Clock`.
        jitter: a number in [0, 1), so that many pipelines do not look in step.

    Raises:
        OutOfTimeError: there was no answer by the deadline.
        RunFailedError: AWS could not be reached for `UNREACHABLE_FOR` seconds.
    """
    start = answered = clock.now()
    while True:
        try:
            answer = look()
        except (ClientError, BotoCoreError) as error:
            if not (is_throttled(error) or is_ambiguous(error)):
                raise
            if is_throttled(error):
                answered = clock.now()  # it says "later", but it is there
            elif clock.now() - answered > UNREACHABLE_FOR:
                raise RunFailedError(
                    f"AWS gave no answer for {UNREACHABLE_FOR:.0f} s while waiting for {what} "
                    f"({_first_line(error)}). It may still run: check the connection, then look "
                    "for it on the AWS side before starting it again."
                ) from error
        else:
            if answer is not None:
                return answer
            answered = clock.now()
        waited = clock.now() - start
        if waited >= timeout:
            raise OutOfTimeError(
                f"Waited {duration(waited)} for {what}, which is still under way. It was left "
                "running: stop it on the AWS side, or wait for it and run again."
            )
        pause = min(max(waited / 10, SHORTEST_PAUSE), LONGEST_PAUSE)
        clock.sleep(min(pause * (0.75 + jitter() / 2), timeout - waited))


def duration(seconds: float) -> str:
    """Write a time span for a person: 0.4 s, 12 s, 3 min 20 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _code(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _status(error: Exception) -> int:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
