"""What a command line asks for, in a form that is cheap to make and to check."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

RETRIES = 2
"""How often a failed job run is repeated where nothing else is asked for."""


@dataclass(frozen=True)
class Choice:
    """The target: a stack on AWS, or the local stack.

    Raises:
        UsageError: the options name no target or two, or do not belong together.
    """

    stack: str | None = None
    """The stack's name on AWS; None for this machine."""
    local: bool = False
    state: Path | None = None
    """Where the local stack keeps its data; None forgets it at the end."""
    region: str | None = None
    """AWS region; None takes that of the AWS configuration."""

    def __post_init__(self) -> None:
        if self.local == (self.stack is not None):
            raise UsageError("Choose one target: --local (this machine) or --stack NAME (AWS).")
        if self.stack is not None and self.state is not None:
            raise UsageError("--state belongs to --local: a stack on AWS keeps its own data.")
        if self.local and self.region is not None:
            raise UsageError(
                "--region belongs to --stack: the local stack's region is in Pulumi.local.yaml."
            )


def new_run_id() -> str:
    """Make the id that a run carries from the upload to the query, sortable by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
