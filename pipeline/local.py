"""The stack on this machine: localaws as a child process, provisioned by the same program.

A state folder holds `aws/` (what localaws keeps) and `stack.json` (what was provisioned).
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws import process
from pipeline.errors import StackError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.target import Target

STACK = "local"
"""The stack's name; its settings are in `Pulumi.local.yaml`."""

PROJECT = "lakehouse"
"""The project's name, as in `Pulumi.yaml`."""

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the Pulumi project."""

SOURCES = ("lakehouse", "spark", "localaws/bridge")
"""The packages that decide what is provisioned, and how."""


@contextmanager
def server(state: Path | None, port: int = 0) -> Iterator[process.Server]:
    """Run localaws over the state folder for the length of the block.

    Raises:
        localaws.errors.LocalawsError: the state folder or the port cannot be used.
    """
    with process.start(state=None if state is None else state / "aws", port=port) as running:
        yield running


def provision(running: process.Server, state: Path | None) -> Target:
    """Bring the local stack up to date with the program; nothing is done when it already is.

    Raises:
        UsageError: `Pulumi.local.yaml` is missing or not what it should be.
        localaws.errors.LocalawsError: a resource could not be created.
    """
    from localaws.bridge import provision as provision_in_process  # noqa: PLC0415

    config = stack_config()
    environment = running.environment()
    provision_in_process(
        _program,
        project=PROJECT,
        stack=STACK,
        config=config,
        endpoint=running.endpoint,
        region=config.get("aws:region", environment["AWS_REGION"]),
        state=None if state is None else state / "stack.json",
        fingerprint=fingerprint(config),
    )
    return opened(running)


def opened(running: process.Server) -> Target:
    """Open the local stack as it is, through its SSM parameter as on AWS.

    Raises:
        StackError: nothing was provisioned there yet.
    """
    from pipeline.aws import Aws  # noqa: PLC0415
    from pipeline.outputs import read_outputs  # noqa: PLC0415
    from pipeline.target import Target  # noqa: PLC0415

    aws = Aws.on_endpoint(running.endpoint, running.environment())
    return Target(STACK, aws, read_outputs(aws, STACK))


def require_state(state: Path | None) -> Path:
    """Return the state folder of a command that needs data from an earlier run.

    Raises:
        StackError: there is no such folder, or no run was made with it.
    """
    if state is None:
        raise StackError(
            "There is no data to work on: pass --state DIR, the folder of an earlier "
            "`lakehouse run --local --state DIR`."
        )
    if not (state / "stack.json").is_file():
        raise StackError(
            f"{state} is no state folder of a local stack. Make one with `lakehouse run --local "
            f"--state {state} --source DIR`."
        )
    return state


def stack_config(file: Path = ROOT / f"Pulumi.{STACK}.yaml") -> dict[str, str]:
    """Read the stack's settings as Pulumi hands them to a program: flat, every value a string.

    Raises:
        UsageError: the file is missing, no YAML, or holds a secret (there is nobody to open it).
    """
    import yaml  # noqa: PLC0415

    try:
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The settings of the local stack cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{file} is not valid YAML: {error}") from error
    config: Any = (document or {}).get("config") or {}
    settings: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, dict) and "secure" in value:
            raise UsageError(
                f"{key} in {file.name} is a secret, which the local stack cannot decrypt. Use a "
                "plain value there."
            )
        settings[key] = value if isinstance(value, str) else json.dumps(value)
    return settings


def fingerprint(config: dict[str, str], root: Path = ROOT) -> str:
    """Hash everything that decides what is provisioned: the code and the settings."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for folder in SOURCES:
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _program() -> None:
    """Import the Pulumi program only when it has to run: that takes seconds."""
    from lakehouse.program import program  # noqa: PLC0415

    program()
