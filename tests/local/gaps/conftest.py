"""A server for the tests of this folder alone, which must log no error, and clients for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from localaws import process
from tests.local.single_attempt import client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def client() -> Iterator[Callable[[Any], Any]]:
    """Clients of one server, one attempt each."""
    with process.start() as server:
        yield partial(client_of, server)
        assert server.log() == ""


@pytest.fixture
def glue(client: Callable[[Any], Any]) -> Any:
    """A Glue client."""
    return client("glue")


@pytest.fixture
def athena(client: Callable[[Any], Any]) -> Any:
    """An Athena client."""
    return client("athena")
