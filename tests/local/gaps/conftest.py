"""A server for the tests of this folder alone, which must log no error, and clients for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def client() -> Iterator[Callable[[Any], Any]]:
    """Clients of one server, one attempt each."""
    with process.start() as server:

        def make(service: Any) -> Any:
            return boto3.client(
                service,
                endpoint_url=server.endpoint,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )

        yield make
        assert server.log() == ""


@pytest.fixture
def glue(client: Callable[[Any], Any]) -> Any:
    """A Glue client."""
    return client("glue")


@pytest.fixture
def athena(client: Callable[[Any], Any]) -> Any:
    """An Athena client."""
    return client("athena")
