"""Clients that try each call once, so that a retry never hides an error of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from localaws import process


def client_of(server: process.Server, service: Any, **settings: Any) -> Any:
    """A client of the server; `settings` are botocore's, beside the single attempt."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=16, **settings),
    )
