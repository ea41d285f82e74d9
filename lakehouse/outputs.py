"""What the stack tells the world: as exports for Pulumi, as one parameter for everyone else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUTS_VERSION = 1
"""Raised when a reader of the older form could misread the newer one."""


@dataclass(frozen=True)
class PublishedOutputsArgs:
    """The parameter's name and the values, plain or outputs."""

    parameter_name: str
    values: Mapping[str, Any]


class PublishedOutputs(pulumi.ComponentResource):
    """The stack's outputs in SSM: the pipeline reads them with AWS credentials alone."""

    parameter_name: pulumi.Output[str]
    """Where they are."""

    def __init__(
        self, name: str, args: PublishedOutputsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:outputs:PublishedOutputs", name, None, opts)
        parameter = aws.ssm.Parameter(
            "outputs",
            name=args.parameter_name,
            description="What the lakehouse pipeline needs to know about this stack",
            type="String",
            value=pulumi.Output.json_dumps(
                {"version": OUTPUTS_VERSION, **args.values}, sort_keys=True
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.parameter_name = parameter.name
        self.register_outputs({"parameter_name": self.parameter_name})
