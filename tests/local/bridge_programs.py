"""What programs of the bridge's tests are made of, and what AWS holds of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "us-east-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "glue.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def parameter(name: str, value: str = "v", **more: Any) -> aws.ssm.Parameter:
    """A small resource."""
    return aws.ssm.Parameter("p", name=name, type="String", value=value, **more)


def value_of(client: Callable[[str], Any], name: str) -> str | None:
    """What a parameter holds; None when it is not there."""
    try:
        return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except client("ssm").exceptions.ParameterNotFound:
        return None
