"""Servers with a state folder that end by kill -9, and clients for them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def client_of(server: process.Server, service: Any) -> Any:
    """A client of the server, which tries once."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=16),
    )


@contextmanager
def killed_afterwards(state: Path) -> Iterator[process.Server]:
    """A server that ends by kill -9: nothing that it does at a clean stop can help."""
    server = process.start(state=state)
    try:
        yield server
    finally:
        os.kill(server.pid, 9)
        server.close()
