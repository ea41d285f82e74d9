"""Where a command works: a stack on AWS, or the same stack on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.aws import Aws
from pipeline.outputs import Outputs, read_outputs


@dataclass(frozen=True)
class Target:
    """A deployed stack: the door to its account, and the names of what it made."""

    name: str
    aws: Aws
    outputs: Outputs


def stack_on_aws(stack: str, region: str | None) -> Target:
    """Open a stack that was deployed to AWS.

    Raises:
        AccessError: no region is set.
        StackError: there is no such stack in this account and region.
    """
    aws = Aws.on_account(region)
    return Target(stack, aws, read_outputs(aws, stack))
