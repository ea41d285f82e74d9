"""A localaws server for the tests of this folder, and boto3 clients for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[process.Server]:
    """One server for all tests that do not stop it: each uses names of its own."""
    with process.start() as running:
        yield running


def clients_for(server: process.Server, region: str = "us-east-1") -> Callable[[str], Any]:
    """Return a function that makes boto3 clients for `server` (S3 always in us-east-1)."""

    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload] # the name is only known at run time
            endpoint_url=server.endpoint,
            region_name="us-east-1" if service == "s3" else region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return client


@pytest.fixture(scope="session")
def connect() -> Callable[..., Callable[[str], Any]]:
    """Return `clients_for`, for tests that start servers of their own."""
    return clients_for


@pytest.fixture(scope="session")
def client(server: process.Server) -> Callable[[str], Any]:
    """Return a function that makes clients for the shared server: `client("glue")`."""
    return clients_for(server)


@pytest.fixture
def bucket(client: Callable[[str], Any]) -> str:
    """Return a new bucket's name."""
    name = f"bucket-{uuid4().hex}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def refusal() -> Callable[..., tuple[str, int]]:
    """Return a function that calls and tells the error's code and status."""

    def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        response: Any = caught.value.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    return refused
