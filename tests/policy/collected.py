"""What a program declares, collected without the engine: every resource gets an id and an ARN."""

from __future__ import annotations

from typing import Any

from policy.model import Resource

ACCOUNT = "111122223333"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"


class Collected:
    """Takes what the program declares, and gives every resource an id and an ARN."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.resources: list[Resource] = []

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer as AWS in the account would."""
        del arguments
        answers: dict[str, dict[str, Any]] = {
            "aws:index/getAvailabilityZones:getAvailabilityZones": {
                "names": [f"{self.region}{letter}" for letter in "abc"]
            },
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": self.account},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
            "aws:kms/getKey:getKey": {"keyState": "Enabled", "keySpec": "SYMMETRIC_DEFAULT"},
            "aws:ec2/getSecurityGroups:getSecurityGroups": {"ids": ["sg-0123456789abcdef0"]},
            "aws:ec2/getSubnets:getSubnets": {"ids": ["subnet-0123456789abcdef0"]},
        }
        return answers[token]

    def register(self, urn: str, token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Note the resource."""
        name = urn.rpartition("::")[2]
        kind = token.rpartition("/")[2].partition(":")[0]
        identifier = str(inputs.get("bucket") or inputs.get("name") or f"{kind}-{name}")
        arn = self._arn(token, kind, identifier)
        self.resources.append(Resource(token, name, inputs, urn, identifier, arn))
        extra = {"prefixListId": "pl-1"} if inputs.get("vpcEndpointType") == "Gateway" else {}
        return identifier, {**inputs, **extra, "arn": arn, "keyId": identifier}

    def _arn(self, token: str, kind: str, identifier: str) -> str:
        service = token.partition(":")[2].partition("/")[0]
        if kind == "bucket":
            return f"arn:aws:s3:::{identifier}"
        if kind == "role":
            return f"arn:aws:iam::{self.account}:role/{identifier}"
        if kind == "openIdConnectProvider":
            return f"arn:aws:iam::{self.account}:oidc-provider/{ISSUER}"
        if kind == "logGroup":
            return f"arn:aws:logs:{self.region}:{self.account}:log-group:{identifier}"
        if kind == "topic":
            return f"arn:aws:sns:{self.region}:{self.account}:{identifier}"
        return f"arn:aws:{service}:{self.region}:{self.account}:{kind}/{identifier}"
