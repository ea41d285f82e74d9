"""What the unit tests share: a clock that only sleeping moves, and answers of AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable


class SteppedClock:
    """A clock that only sleeping moves, and that notes each sleep."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.sleeps.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> SteppedClock:
    """A clock of the test's own."""
    return SteppedClock()


@pytest.fixture
def new_clock() -> type[SteppedClock]:
    """The clock's class, for tests that need two."""
    return SteppedClock


@pytest.fixture(scope="session")
def client_error() -> Callable[..., ClientError]:
    """Make the exception with which boto3 reports an error code."""

    def make(code: str, status: int = 400, message: str = "m") -> ClientError:
        response: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return ClientError(response, "SomeOperation")

    return make
