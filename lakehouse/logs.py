"""The log groups of job and crawler, made before Glue would make them without key or end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class LogsArgs:
    """Which groups, under which key, and for how long what is in them is kept."""

    groups: Mapping[str, str]
    """What the group is for -> its name."""
    key_arn: pulumi.Input[str]
    retention_days: int


class Logs(pulumi.ComponentResource):
    """Encrypted log groups with an end."""

    groups: Mapping[str, pulumi.Output[str]]
    """What a group is for -> its name, known once it exists."""

    def __init__(
        self, name: str, args: LogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:logs:Logs", name, None, opts)
        self.groups = {
            purpose: aws.cloudwatch.LogGroup(
                purpose.replace("_", "-"),
                name=group,
                kms_key_id=args.key_arn,
                retention_in_days=args.retention_days,
                opts=pulumi.ResourceOptions(parent=self),
            ).name
            for purpose, group in args.groups.items()
        }
        self.register_outputs({"groups": self.groups})
