"""Every error that the command line explains to its user, as one tree.

    LakehouseError             root: one sentence or more for a person, and an exit code
    ├── UsageError        (2)  the command, its input or the configuration is wrong
    │   ├── SourceError   (2)  the source folder cannot be uploaded as it is
    │   ├── StackError    (2)  no such stack, or outputs that this version cannot read
    │   └── AccessError   (2)  no credentials, expired ones, or no region
    ├── RunFailedError         (1)  a stage did not succeed
    │   ├── DeployError  (1)  preview, up or destroy did not succeed
    │   └── OutOfTimeError     (1)  something was still under way at the deadline
    ├── PipelineBusyError      (3)  another run holds the pipeline, or another update the stack
    └── StoppedError     (130)  Ctrl-C: the waiting stopped, not what was waited for

A message says what happened, to what, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class LakehouseError(Exception):
    """Root of the tree; `exit_code` is what the process ends with."""

    exit_code: ClassVar[int] = 1


class UsageError(LakehouseError):
    """The command, its input or the configuration is wrong; nothing was done."""

    exit_code: ClassVar[int] = 2


class SourceError(UsageError):
    """The source folder cannot be uploaded as it is; nothing was uploaded."""


class StackError(UsageError):
    """There is no such stack, or its outputs are not for this version of the pipeline."""


class AccessError(UsageError):
    """AWS cannot be called: no credentials, expired credentials or no region."""


class RunFailedError(LakehouseError):
    """A stage of the pipeline did not succeed."""


class DeployError(RunFailedError):
    """A preview, an update or a destruction of the stack did not succeed."""


class OutOfTimeError(RunFailedError):
    """Something was still under way when its deadline passed."""


class PipelineBusyError(LakehouseError):
    """Another run holds the pipeline, or another update holds the stack."""

    exit_code: ClassVar[int] = 3


class StoppedError(LakehouseError):
    """The user pressed Ctrl-C; the message says what still runs."""

    exit_code: ClassVar[int] = 130
