"""boto3 clients for one endpoint, made once each and shared between threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config


@dataclass
class Clients:
    """Every client of one provisioning.

    The attempts are few because the endpoint is on this machine: what fails twice fails for good.
    """

    endpoint: str
    region: str
    access_key: str = "test"
    secret_key: str = "test"  # noqa: S105 - an emulator takes any
    _made: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, service: str) -> Any:
        """The client of a service, such as ``s3``."""
        with self._lock:
            if service not in self._made:
                self._made[service] = boto3.client(
                    service,  # type: ignore[call-overload] # the name is only known at run time
                    endpoint_url=self.endpoint,
                    region_name=self.region,
                    aws_access_key_id=self.access_key,
                    aws_secret_access_key=self.secret_key,
                    config=Config(
                        retries={"mode": "standard", "total_max_attempts": 2},
                        s3={"addressing_style": "path"},
                        max_pool_connections=32,
                    ),
                )
            return self._made[service]

    @cached_property
    def account_id(self) -> str:
        """The account behind the credentials."""
        return str(self("sts").get_caller_identity()["Account"])

    @cached_property
    def partition(self) -> str:
        """The partition that the region belongs to, such as ``aws`` or ``aws-cn``."""
        return str(self("sts").meta.partition)

    def close(self) -> None:
        """Close the connections of every client."""
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()
