"""What the doctor examines: a stack's settings, the account that they lead to, and its names.

AWS is reached as the provider would reach it: with the region, profile, keys and endpoints of the
stack's file, else with the caller's own configuration.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from lakehouse.naming import make_names
from pipeline.doctor.findings import UncheckedError

if TYPE_CHECKING:
    from pathlib import Path

    from lakehouse.account import Account
    from lakehouse.config import AwsSettings, Settings
    from lakehouse.naming import Names

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=30
)


@dataclass
class Subject:
    """One stack; the checks fill in what they find out, in their order."""

    stack: str
    root: Path
    """The folder of the Pulumi project."""
    region: str | None = None
    """That of the command line, until the stack's file says another."""
    raw: dict[str, str] = field(default_factory=dict)
    """The file's settings as text."""
    settings: Settings | None = None
    aws_settings: AwsSettings | None = None
    account: Account | None = None
    caller: str | None = None
    """The ARN of whoever holds the credentials."""
    deployed: bool | None = None
    """Whether Pulumi's state has resources of this stack; None when nobody knows."""

    @property
    def file(self) -> Path:
        """The stack's file of settings."""
        return self.root / f"Pulumi.{self.stack}.yaml"

    def need_settings(self) -> Settings:
        """The checked settings; without them a check cannot look."""
        if self.settings is None:
            raise UncheckedError(f"it takes valid settings in {self.file.name}")
        return self.settings

    def need_account(self) -> Account:
        """The account; without it a check cannot look."""
        if self.account is None:
            raise UncheckedError("it takes AWS credentials that work, and a region")
        return self.account

    def names(self) -> Names:
        """The names that the program would give."""
        return make_names(self.need_settings().prefix, self.stack, self.need_account())

    def session(self) -> boto3.Session:
        """The session with the credentials that the provider would use."""
        return boto3.Session(
            profile_name=self.raw.get("aws:profile"),
            aws_access_key_id=self.raw.get("aws:accessKey"),
            aws_secret_access_key=self.raw.get("aws:secretKey"),
            aws_session_token=self.raw.get("aws:token"),
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        """A client for a service, where the stack's file says that it is."""
        places = json.loads(self.raw.get("aws:endpoints", "[{}]"))[0]
        endpoint = places.get(service.replace("-", ""))
        if places and endpoint is None:
            # Never ask AWS about a stack that is not there.
            raise UncheckedError(f"aws:endpoints in {self.file.name} does not say where {service}")
        return self.session().client(
            service,  # type: ignore[call-overload] # the name is only known at run time
            endpoint_url=endpoint,
            config=_CONFIG,
        )
