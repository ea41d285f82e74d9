"""A server that stops before anybody asked for a service keeps what is saved of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from localaws import process

if TYPE_CHECKING:
    from pathlib import Path


def _glue(server: process.Server) -> Any:
    return boto3.client(
        "glue",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_starting_and_stopping_loses_nothing(tmp_path: Path) -> None:
    """What ends at a clean stop (jobs, crawls, queries) must not save services never loaded."""
    with process.start(state=tmp_path) as server:
        _glue(server).create_database(DatabaseInput={"Name": "kept"})
    for _ in range(2):
        with process.start(state=tmp_path):
            pass
    with process.start(state=tmp_path) as server:
        names = [found["Name"] for found in _glue(server).get_databases()["DatabaseList"]]
    assert names == ["kept"]
