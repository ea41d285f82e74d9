"""The door to AWS for every stage: typed boto3 clients with the project's retry rules.

The same object serves a real account and localaws; only the endpoint and the credentials differ.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config

from pipeline.errors import AccessError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

CONNECTIONS = 32
"""Connections to S3 kept open; uploads and look-ups never use more threads than that."""

READ_TIMEOUT = 60.0
"""Seconds to wait for an answer that does not come."""


class Aws:
    """Clients for one account and region, made when first asked for.

    Make one with `on_account` or `on_endpoint`. Not safe for the *first* use of one client from
    two threads at once; the clients themselves are safe.
    """

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self.session = session
        self.endpoint = endpoint

    @classmethod
    def on_account(cls, region: str | None = None) -> Aws:
        """Use the caller's own AWS configuration, as every AWS tool does.

        Raises:
            AccessError: there is neither a `region` nor one in the AWS configuration.
        """
        # boto3 alone among AWS's tools does not read AWS_REGION.
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
        if session.region_name is None:
            raise AccessError(
                "No AWS region is set: pass --region NAME, or set AWS_REGION or the region of "
                "your AWS profile."
            )
        return cls(session)

    @classmethod
    def on_endpoint(cls, endpoint: str, environment: dict[str, str]) -> Aws:
        """Use localaws at `endpoint`, blind to whatever AWS configuration the user has."""
        nothing = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
            botocore_session=botocore.session.Session(session_vars=nothing),
        )
        return cls(session, endpoint)

    @cached_property
    def s3(self) -> S3Client:
        """Amazon S3."""
        return self.session.client("s3", endpoint_url=self.endpoint, config=_config())

    @cached_property
    def glue(self) -> GlueClient:
        """AWS Glue, for every call that may be repeated."""
        return self.session.client("glue", endpoint_url=self.endpoint, config=_config())

    @cached_property
    def glue_once(self) -> GlueClient:
        """AWS Glue, for StartJobRun, which a blind retry would carry out twice."""
        return self.session.client("glue", endpoint_url=self.endpoint, config=_config(attempts=1))

    @cached_property
    def athena(self) -> AthenaClient:
        """Amazon Athena."""
        return self.session.client("athena", endpoint_url=self.endpoint, config=_config())

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Amazon CloudWatch Logs."""
        return self.session.client("logs", endpoint_url=self.endpoint, config=_config())

    @cached_property
    def ssm(self) -> SSMClient:
        """AWS Systems Manager, for its Parameter Store."""
        return self.session.client("ssm", endpoint_url=self.endpoint, config=_config())

    def delta_options(self) -> dict[str, str]:
        """Storage options with which `deltalake` opens tables of this account.

        Raises:
            AccessError: no credentials were found.
        """
        credentials = self.session.get_credentials()
        if credentials is None:
            raise AccessError("No AWS credentials were found: sign in, or set AWS_PROFILE.")
        frozen = credentials.get_frozen_credentials()
        options = {
            "AWS_REGION": self.session.region_name,
            "AWS_ACCESS_KEY_ID": frozen.access_key or "",
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        }
        if frozen.token:
            options["AWS_SESSION_TOKEN"] = frozen.token
        if self.endpoint is not None:
            options["AWS_ENDPOINT_URL"] = self.endpoint
            options["AWS_ALLOW_HTTP"] = "true"
        return options


def _config(attempts: int = 6) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=10,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=CONNECTIONS,
    )
