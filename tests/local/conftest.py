"""A localaws server for the tests of this folder, with boto3 clients and Pulumi programs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws import process
from localaws.bridge import provision
from tests.local.athena_workgroup import Athena, athena_on
from tests.local.script_jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGION = "us-east-1"


@pytest.fixture(scope="session")
def server() -> Iterator[process.Server]:
    """One server for all tests that do not stop it: each uses names of its own."""
    with process.start() as running:
        yield running


def clients_for(server: process.Server, region: str = REGION) -> Callable[[str], Any]:
    """Return a function that makes boto3 clients for `server` (S3 always in us-east-1)."""

    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload] # the name is only known at run time
            endpoint_url=server.endpoint,
            region_name=REGION if service == "s3" else region,
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


@pytest.fixture(scope="module")
def jobs(client: Callable[[str], Any]) -> Jobs:
    """Return a maker of jobs on the shared server."""
    return Jobs(client)


@pytest.fixture(scope="session")
def athena(server: process.Server, client: Callable[[str], Any]) -> Athena:
    """Return a workgroup and a database with crawled tables, on the shared server."""
    return athena_on(server, client)


@pytest.fixture(scope="session")
def refusal() -> Callable[..., tuple[str, int]]:
    """Return a function that calls and tells the error's code and status."""

    def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        response: Any = caught.value.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    return refused


@pytest.fixture
def name() -> str:
    """A name that no other test uses on the shared server."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def stack_settings() -> dict[str, Any]:
    """The settings of a program's stack; a file whose programs need others has its own."""
    return {"aws:region": REGION}


@pytest.fixture
def up(
    server: process.Server, name: str, stack_settings: dict[str, Any], tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Return a function that provisions a program, with a state of the test's own."""

    def run(
        program: Callable[[], None], state: Path | None = tmp_path / "stack.json", **options: Any
    ) -> dict[str, Any]:
        given = {"project": "tests", "stack": name, "config": stack_settings, **options}
        return provision(program, endpoint=server.endpoint, region=REGION, state=state, **given)

    return run
