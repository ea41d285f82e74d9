"""Waiting: deadlines, spacing, and what AWS may answer in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from pipeline.errors import OutOfTimeError, RunFailedError
from pipeline.wait import (
    LAST_PAUSE,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    STARTING,
    UNREACHABLE_FOR,
    duration,
    until_taken,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def after(clock: Any, seconds: float) -> Callable[[], str | None]:
    """Look at something that is done that many seconds from now."""
    end = clock.time + seconds
    return lambda: "done" if clock.time >= end else None


def test_the_answer_of_the_first_look_comes_without_sleeping(clock: Any) -> None:
    """What is done already is not waited for."""
    assert wait_for(lambda: "done", what="it", timeout=10, clock=clock) == "done"
    assert clock.sleeps == []


@pytest.mark.parametrize("seconds", [1.0, 60.0, 3600.0])
def test_an_end_is_noticed_within_a_fraction_of_the_time_waited(clock: Any, seconds: float) -> None:
    """Looks are close together at first and never further apart than the longest pause."""
    start = clock.time
    wait_for(after(clock, seconds), what="it", timeout=7200, clock=clock, jitter=lambda: 0.999)
    late = clock.time - start - seconds
    assert late <= max(min(seconds / 5, LONGEST_PAUSE * 1.25), SHORTEST_PAUSE * 1.25)


@pytest.mark.parametrize("job", [2.0, 15.0, 90.0, 3600.0])
def test_a_run_adds_less_than_two_seconds_to_what_it_waits_for(clock: Any, job: float) -> None:
    """Job, crawler and query, each noticed as late as it can be."""
    work = (job, 60.0, 5.0)
    start = clock.time
    for seconds in work:
        wait_for(after(clock, seconds), what="it", timeout=7200, clock=clock, jitter=lambda: 0.999)
    assert clock.time - start - sum(work) < 2.0


def test_pauses_differ_by_jitter(new_clock: Any) -> None:
    """Two pipelines that began together do not look together."""
    first, second = new_clock(), new_clock()
    wait_for(after(first, 5), what="it", timeout=60, clock=first, jitter=lambda: 0.0)
    wait_for(after(second, 5), what="it", timeout=60, clock=second, jitter=lambda: 0.9)
    assert first.sleeps[0] < second.sleeps[0]


def test_the_deadline_ends_the_waiting_and_names_what_still_runs(clock: Any) -> None:
    """After its time, waiting raises and has not slept beyond the deadline."""
    with pytest.raises(OutOfTimeError, match="the crawl of c, which is still under way"):
        wait_for(lambda: None, what="the crawl of c", timeout=30, clock=clock)
    assert clock.time == pytest.approx(1030)


@pytest.mark.parametrize(
    "fault",
    [
        ("ThrottlingException", 400),
        ("TooManyRequestsException", 400),
        ("InternalServiceException", 500),
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
)
def test_a_passing_failure_does_not_end_the_waiting(
    clock: Any, client_error: Any, fault: Any
) -> None:
    """Throttling, 5xx answers and broken connections are looked past."""
    error = client_error(*fault) if isinstance(fault, tuple) else fault
    answers: list[Exception | str | None] = [error, error, None, error, "done"]

    def look() -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait_for(look, what="it", timeout=100, clock=clock) == "done"


def test_throttling_does_not_move_the_deadline(clock: Any, client_error: Any) -> None:
    """A service that only ever throttles is given up at the deadline."""

    def look() -> None:
        raise client_error("ThrottlingException")

    with pytest.raises(OutOfTimeError):
        wait_for(look, what="it", timeout=900, clock=clock)
    assert clock.time == pytest.approx(1900)


def test_throttling_is_an_answer(clock: Any, client_error: Any) -> None:
    """After long throttling, one broken connection is no silence of two minutes."""
    answers = [client_error("ThrottlingException")] * 400
    answers.append(EndpointConnectionError(endpoint_url="http://x"))

    def look() -> str:
        if answers:
            raise answers.pop(0)
        return "done"

    assert wait_for(look, what="it", timeout=900, clock=clock) == "done"
    assert clock.time - 1000 > UNREACHABLE_FOR


def test_a_start_that_is_put_off_is_made_again_until_its_time_is_over(
    clock: Any, client_error: Any
) -> None:
    """Pauses grow, no two are alike, and the message says that nothing was started."""
    refusals = [client_error("TooManyRequestsException")] * 5

    def call() -> str:
        if refusals:
            raise refusals.pop()
        return "id"

    assert until_taken(call, what="the start", clock=clock) == "id"
    assert clock.sleeps == pytest.approx([2**n for n in range(5)], rel=0.5)
    assert len(set(clock.sleeps)) == 5
    refusals = [client_error("Whatever", 429)] * 1000
    began = clock.time
    with pytest.raises(RunFailedError, match=r"put off the start for 5 min.*Nothing was started"):
        until_taken(call, what="the start", clock=clock)
    assert STARTING <= clock.time - began < STARTING + 2 * LAST_PAUSE


def test_any_other_refusal_of_a_start_is_raised_as_it_is(clock: Any, client_error: Any) -> None:
    """A wrong statement does not become right by waiting."""

    def call() -> None:
        raise client_error("InvalidRequestException")

    with pytest.raises(ClientError):
        until_taken(call, what="the start", clock=clock)
    assert clock.sleeps == []


def test_an_unreachable_service_is_given_up_long_before_the_deadline(clock: Any) -> None:
    """Without any answer, the user is told after two minutes and not after hours."""

    def look() -> None:
        raise EndpointConnectionError(endpoint_url="http://gone")

    with pytest.raises(RunFailedError, match="gave no answer for 120 s while waiting for it"):
        wait_for(look, what="it", timeout=36_000, clock=clock)
    assert clock.time < 1000 + 150


def test_any_other_answer_is_raised_as_it_is(clock: Any, client_error: Any) -> None:
    """A missing job or denied access is no reason to wait."""

    def look() -> None:
        raise client_error("EntityNotFoundException")

    with pytest.raises(ClientError):
        wait_for(look, what="it", timeout=100, clock=clock)


def test_durations_read_well() -> None:
    """Seconds get a decimal only where it matters, minutes are written out."""
    assert [duration(0.42), duration(12.3), duration(200)] == ["0.4 s", "12 s", "3 min 20 s"]
