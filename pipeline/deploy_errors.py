"""The troubles of Pulumi's CLI, each as one sentence that ends with the way out."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi import automation

from pipeline.errors import (
    AccessError,
    DeployError,
    LakehouseError,
    PipelineBusyError,
    StackError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Trouble:
    """What the CLI says, and what it means for the person at the keyboard."""

    said: str
    """A regular expression, found anywhere in what the CLI printed."""
    error: type[LakehouseError]
    sentence: str
    """With `{stack}`, and `{said}` for the line on which it was found."""


TROUBLES = (
    Trouble(
        r"must be set for login|not logged in|no credentials.*pulumi login",
        AccessError,
        "Pulumi does not know where the state of {stack!r} is: log in to the backend (`pulumi "
        "login s3://your-state-bucket`), or set PULUMI_BACKEND_URL.",
    ),
    Trouble(
        r"incorrect passphrase",
        UsageError,
        "The passphrase is not the one under which the secrets of the stack {stack!r} are: set "
        "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to that one.",
    ),
    Trouble(
        r"PULUMI_CONFIG_PASSPHRASE",
        UsageError,
        "The secrets of the stack {stack!r} are under a passphrase: set PULUMI_CONFIG_PASSPHRASE "
        "or PULUMI_CONFIG_PASSPHRASE_FILE.",
    ),
    Trouble(
        r"ExpiredToken|RequestExpired|InvalidClientTokenId|InvalidAccessKeyId"
        r"|UnrecognizedClient|SignatureDoesNotMatch|[Tt]oken (has|is) expired"
        r"|SSO session .*(expired|invalid)|token included in the request is (expired|invalid)",
        AccessError,
        "AWS refused the credentials ({said}). Sign in again (`aws sso login` or as you usually "
        "do), then run the command again: it continues where this one stopped.",
    ),
    Trouble(
        r"get credentials: |[Nn]o valid credential sources|[Uu]nable to locate credentials"
        r"|NoCredentialProviders",
        AccessError,
        "There are no usable AWS credentials ({said}). Set AWS_PROFILE or sign in.",
    ),
    Trouble(
        r"AWS [Aa]ccount ID not allowed",
        UsageError,
        "The credentials belong to another account than aws:allowedAccountIds in "
        "Pulumi.{stack}.yaml lists ({said}). Use those of a listed account.",
    ),
    Trouble(
        r"no resource plugin|[Cc]ould not (load|find|download) plugin|failed to (load|download) "
        r"plugin|plugin .* not found",
        UsageError,
        "A plugin of Pulumi's is missing ({said}). Install the one for AWS with `pulumi plugin "
        "install resource aws {plugin}`, then run the command again.",
    ),
    Trouble(
        r"\.pulumi/.*(AccessDenied|Forbidden|StatusCode: 403)",
        AccessError,
        "The backend of Pulumi does not let you in ({said}). Use credentials that may read and "
        "write its bucket (in CI the deployer's role), or check PULUMI_BACKEND_URL.",
    ),
    Trouble(
        r"unable to open bucket|\.pulumi/.*NoSuchBucket",
        UsageError,
        "The backend of Pulumi is not there ({said}). Check `pulumi whoami -v` and "
        "PULUMI_BACKEND_URL.",
    ),
    Trouble(
        r"pending operations? from",
        DeployError,
        "An earlier update of the stack {stack!r} was interrupted ({said}). Run `pulumi refresh "
        "--stack {stack}`, which finds out what was made, then this command again.",
    ),
    # A folder as backend: the state itself is replaced whole, the attributes beside it are not.
    Trouble(
        r"failed to load checkpoint: EOF",
        DeployError,
        "Pulumi was killed while it wrote what goes with the state of the stack {stack!r}. That "
        "state is whole, the file beside it is empty: delete {stack}.json.attrs under "
        ".pulumi/stacks in the backend's folder, then run the command again. With "
        "?metadata=skip at the end of PULUMI_BACKEND_URL there is no such file.",
    ),
    Trouble(
        r"EntityAlreadyExists|AlreadyExistsException|ResourceAlreadyExists|BucketAlreadyOwnedByYou"
        r"|BucketAlreadyExists",
        DeployError,
        "Something that the stack {stack!r} has to create exists already ({said}). If an "
        "interrupted update made it, adopt it with `pulumi import` or delete it, then run the "
        "command again; if it is somebody else's, choose another lakehouse:prefix.",
    ),
)
"""Looked at in this order: the first that fits is told."""


SETTING = re.compile(r"^\s*(?:.*(?:error|occurred):\s*)?(.+ \(Pulumi\.[\w-]+\.yaml\))\.?$")
"""What the program says of a wrong setting or account: it names the file. The engine repeats it
behind words of its own.
"""


@contextmanager
def plain_errors(stack: str) -> Iterator[None]:
    """Turn what the Automation API raises into the errors of the command line."""
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            "The Pulumi CLI is not on PATH: preview, up and destroy need it. Install it as "
            "https://www.pulumi.com/docs/install says."
        ) from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"The Pulumi CLI does not start: {error}") from error
    except automation.InvalidVersionError as error:
        raise UsageError(f"The Pulumi CLI on PATH is too old: {error}. Update it.") from error
    except automation.ConcurrentUpdateError as error:
        raise PipelineBusyError(
            f"Another update holds the stack {stack!r}: {_last_words(error)}. Wait for it; if it "
            f"was killed, free the stack with `pulumi cancel --stack {stack}`."
        ) from error
    except automation.StackNotFoundError as error:
        raise StackError(
            f"The stack {stack!r} was never created in the Pulumi backend that you are logged in "
            f"to. Create it with `lakehouse up --stack {stack}`, or check `pulumi whoami -v`."
        ) from error
    except automation.CommandError as error:
        raise explained(error, stack) from error


def explained(error: automation.CommandError, stack: str) -> LakehouseError:
    """Find the trouble in what the CLI printed; without one, pass on its own words."""
    lines = _lines(error)
    settings = [found[1] for line in lines if (found := SETTING.match(line))]
    if settings:
        return UsageError("; ".join(dict.fromkeys(settings)))
    for trouble in TROUBLES:
        for line in lines:
            if re.search(trouble.said, line):
                said = re.sub(r"^\s*(error|warning):\s*", "", line).strip().rstrip(".")
                plugin = _provider_version() if "{plugin}" in trouble.sentence else ""
                return trouble.error(trouble.sentence.format(stack=stack, said=said, plugin=plugin))
    return DeployError(f"Pulumi did not succeed on the stack {stack!r}: {_said(error)}")


def _provider_version() -> str:
    """The version of the plugin that the installed pulumi_aws talks to."""
    from importlib.metadata import version  # noqa: PLC0415

    return version("pulumi-aws")


def _lines(error: automation.CommandError) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()


def _said(error: automation.CommandError) -> str:
    """Pick the diagnostics out of all that the CLI printed."""
    found = re.findall(r"^\s*error: (.+)$", "\n".join(_lines(error)), flags=re.MULTILINE)
    lines = list(dict.fromkeys(line.strip() for line in found))
    return "; ".join(lines) if lines else _last_words(error)


def _last_words(error: automation.CommandError) -> str:
    lines = [line.strip() for line in _lines(error) if line.strip()]
    locked = [line for line in lines if "locked by" in line or "currently in progress" in line]
    last = (locked or lines or ["no message"])[-1]
    return re.sub(r"^(stderr: )?(error: )?", "", last).rstrip(".:")
