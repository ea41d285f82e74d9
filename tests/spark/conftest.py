"""The job's tests: a localaws and an engine of their own, whichever LAKEHOUSE_ENGINE names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from localaws.process import Server, start
from spark.session import session
from tests.spark import dated_localaws, engines, records
from tests.spark.comparison import Content, differences
from tests.spark.lakes import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


ZONE = "America/New_York"
"""Where the tests, their emulator and their engines are: local time taken for UTC shows there."""


def pytest_configure(config: pytest.Config) -> None:
    """Let pyspark's own warnings pass on the Sparks."""
    if engines.at_hand() != engines.SAIL:
        for line in engines.WARNINGS:
            config.addinivalue_line("filterwarnings", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on the Sparks, the tests of what only the embedded engine does."""
    if engines.at_hand() == engines.SAIL:
        return
    left = [item for item in items if item.get_closest_marker("sail")]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show how the contents of tables differ, row by row, where they are compared with ==."""
    if op == "==" and isinstance(left, Content) and isinstance(right, Content):
        return ["the tables differ:", *differences(left, right)]
    return None


@pytest.fixture(scope="session")
def aws() -> Iterator[Server]:
    """A localaws of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", ZONE)
        server = start(command=(engines.emulators_python(), "-m", dated_localaws.__name__))
    with server:
        yield server


@pytest.fixture(scope="session")
def surroundings(aws: Server) -> Iterator[dict[str, str]]:
    """An engine of these tests' own, as the environment that leads to it and to localaws."""
    with (
        pytest.MonkeyPatch.context() as patch,
        engines.running(engines.at_hand(), aws.environment() | {"TZ": ZONE}, patch) as environment,
    ):
        yield environment


@pytest.fixture(scope="module", autouse=True)
def environment(surroundings: dict[str, str]) -> Iterator[None]:
    """Set the environment for the tests of one module only: tests of other folders want another."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in surroundings.items():
            patch.setenv(name, value)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def engine() -> SparkSession:
    """The session of the engine at hand, as the job opens it."""
    return session()


@pytest.fixture
def lake(engine: SparkSession) -> Lake:
    """A lake with nothing in it."""
    return Lake(engine)


@pytest.fixture(scope="session")
def make_lake() -> type[Lake]:
    """The maker of lakes, for tests that compare two."""
    return Lake


@pytest.fixture(scope="session")
def make_song() -> Any:
    """The maker of song records."""
    return records.song


@pytest.fixture(scope="session")
def make_play() -> Any:
    """The maker of play records."""
    return records.play
