"""The Pulumi program run over mocks: what it declares, without anything being made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.account import Account
from lakehouse.naming import Names
from lakehouse.program import program
from localaws.bridge.errors import ProvisionError
from localaws.bridge.monitor import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.bridge.registrations import Registration

ACCOUNT = "123456789012"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VPC = "vpc-0123456789abcdef0"
IN_THE_VPC = {
    "aws:ec2/getSubnets:getSubnets": ["subnet-0000000a", "subnet-0000000b", "subnet-0000001a"],
    "aws:ec2/getSecurityGroups:getSecurityGroups": ["sg-0123456789abcdef0"],
}


@dataclass
class Declared:
    """What one run of the program declared and exported."""

    account: str = ACCOUNT
    region: str = "eu-west-1"
    keys: dict[str, dict[str, Any]] = field(default_factory=lambda: {KEY: {"keyState": "Enabled"}})
    """What KMS tells of each key that is there."""
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    registered: dict[str, Registration] = field(default_factory=dict)
    """What the engine would be told beside the inputs, by URN; of components too."""

    def watch(self, registration: Registration) -> None:
        """Note what the program tells the engine."""
        self.registered[registration.urn] = registration

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer as AWS in the account would."""
        if token == "aws:ec2/getSubnet:getSubnet":
            return {"availabilityZone": f"{self.region}{arguments['id'][-1]}"}
        if token in IN_THE_VPC:
            assert arguments["filters"][0]["name"] == "vpc-id"
            return {"ids": IN_THE_VPC[token] if arguments["filters"][0]["values"] == [VPC] else []}
        if token == "aws:index/getAvailabilityZones:getAvailabilityZones":
            assert arguments["state"] == "available"
            # AWS promises no order.
            return {"names": [f"{self.region}{letter}" for letter in "cab"]}
        if token == "aws:kms/getKey:getKey":
            if arguments["keyId"] not in self.keys:
                raise ProvisionError("NotFoundException: there is no such key")
            return {"keySpec": "SYMMETRIC_DEFAULT", **self.keys[arguments["keyId"]]}
        assert not arguments
        return {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": self.account},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
        }[token]

    def register(self, urn: str, token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Note the resource, and pretend that it was made."""
        assert urn not in self.resources
        self.resources[urn] = {**inputs, "type": token}
        identifier = inputs.get("bucket") or inputs.get("name") or urn.rpartition("::")[2]
        outputs = {**inputs, "arn": f"arn:aws:made:::{identifier}"}
        if inputs.get("vpcEndpointType") == "Gateway":
            outputs["prefixListId"] = "pl-0123456789abcdef0"
        return identifier, outputs

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The inputs of every resource of a type such as `s3/bucket:Bucket`, by logical name."""
        return {
            urn.rpartition("::")[2]: inputs
            for urn, inputs in self.resources.items()
            if inputs["type"] == f"aws:{kind}"
        }


@pytest.fixture(scope="session")
def declare() -> Callable[..., Declared]:
    """Return a function that runs the program with settings beside the required ones."""

    def run_program(
        config: dict[str, Any] | None = None,
        stack: str = "dev",
        account: str = ACCOUNT,
        **there: Any,
    ) -> Declared:
        required = {"aws:region": "eu-west-1", "lakehouse:environment": "dev"}
        merged = {**required, **(config or {})}
        declared = Declared(account, merged["aws:region"] or "", **there)
        declared.outputs = run(
            program,
            declared,
            project="lakehouse",
            stack=stack,
            config={key: value for key, value in merged.items() if value is not None},
            watch=declared.watch,
        )
        return declared

    return run_program


@pytest.fixture(scope="session")
def dev(declare: Callable[..., Declared]) -> Declared:
    """The stack with every setting at its default."""
    return declare()


@pytest.fixture(scope="session")
def names() -> Names:
    """The names that the default stack uses."""
    return Names("music", "dev", Account(ACCOUNT, "aws", "eu-west-1"))
