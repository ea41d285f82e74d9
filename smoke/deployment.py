"""The stack of the checks: made by the Automation API, with its state in a folder of its own.

The folder stays until the stack is gone: whatever happens in between, `--destroy NAME` finds it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from pipeline.deploy import open_stack
from pipeline.deploy_run import run_on
from pipeline.errors import DeployError, UsageError
from pipeline.local import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.interrupts import Interrupts
    from pipeline.progress import Display

HOME = ROOT / ".smoke"
"""A folder per stack; `make clean` leaves it, for a stack that is left is found by it."""

PREFIX = "music"
"""Of all names; the stack's own name makes them unique."""


class Deployment(Protocol):
    """What the checks need of a stack's life."""

    name: str

    def up(self, **changed: Any) -> dict[str, int]:
        """Make or update it; the numbers of resources by operation."""

    def destroy(self) -> None:
        """Delete all of it; raises `DeployError` when something stays."""

    def left(self) -> list[str]:
        """What is still there, by type and id."""


def settings(account: str, region: str) -> dict[str, Any]:
    """The settings of the stack: everything that a check looks at, as small as it goes."""
    return {
        "aws:region": region,
        "aws:allowedAccountIds": [account],
        "aws:defaultTags": {
            "tags": {"Project": "lakehouse", "Environment": "smoke", "ManagedBy": "pulumi"}
        },
        "lakehouse:environment": "dev",
        "lakehouse:prefix": PREFIX,
        "lakehouse:allowDataDeletion": True,
        "lakehouse:analystPrincipals": [f"arn:aws:iam::{account}:root"],
        "lakehouse:network": "private",
        "lakehouse:jobTimeoutMinutes": 20,
        # An alarm on freshness needs a schedule; this one is far from now most of the time.
        "lakehouse:schedule": "cron(0 3 ? * * *)",
        "lakehouse:noncurrentVersionDays": 1,
        "lakehouse:logRetentionDays": 1,
    }


@dataclass
class EngineDeployment:
    """A stack on the real Pulumi engine."""

    name: str
    display: Display
    home: Path = HOME
    program: Callable[[], None] | None = None
    """Instead of the lakehouse program."""
    environment: dict[str, str] = field(default_factory=dict)
    """Further variables for the Pulumi CLI."""
    interrupts: Interrupts | None = None
    """What passes a signal on to the CLI."""

    @property
    def folder(self) -> Path:
        """Settings and state of the stack."""
        return self.home / self.name

    def prepare(self, wanted: dict[str, Any]) -> None:
        """Write the settings, from which `up` starts."""
        (self.folder / "state").mkdir(parents=True)
        shutil.copy(ROOT / "Pulumi.yaml", self.folder)
        self._write(wanted)

    def up(self, **changed: Any) -> dict[str, int]:
        """Make or update the stack, with these settings over those it has.

        Raises:
            DeployError: Pulumi did not succeed.
        """
        if changed:
            self._write({**self._read(), **changed})
        with self._open(create=True) as stack:
            return run_on(stack, "up", self.display).operations

    def destroy(self) -> None:
        """Delete the stack, its state and its folder.

        Raises:
            UsageError: there is no such folder.
            DeployError: Pulumi did not succeed; all is left as it is.
        """
        if not (self.folder / "state").is_dir():
            known = sorted(path.name for path in self.home.glob("*/")) or ["none"]
            raise UsageError(
                f"There is no stack {self.name!r} in {self.home}. Known: {', '.join(known)}."
            )
        with self._open(create=True) as stack:
            run_on(stack, "destroy", self.display)
        if left := self.left():
            raise DeployError(f"Pulumi deleted the stack, and still lists {', '.join(left)}")
        shutil.rmtree(self.folder)

    def left(self) -> list[str]:
        """What Pulumi's state still lists, and what it began and never saw the end of."""
        if not self.folder.is_dir():
            return []
        with self._open(create=True) as stack:
            deployment = stack.export_stack().deployment or {}
        listed = [
            f"{resource['type']} {resource.get('id', '?')}"
            for resource in deployment.get("resources") or []
            if resource.get("custom") and not resource["type"].startswith("pulumi:")
        ]
        begun = deployment.get("pending_operations") or []
        return listed + [f"{one['resource']['type']} (unfinished: {one['type']})" for one in begun]

    def _open(self, *, create: bool) -> Any:
        environment = {
            # No attributes beside the state: a Pulumi that is killed may leave them cut off.
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}?metadata=skip",
            # The stack holds no secret; a folder that outlives us must stay readable.
            "PULUMI_CONFIG_PASSPHRASE": "",
            **self.environment,
        }
        return open_stack(
            self.name,
            self.folder,
            create=create,
            program=self.program,
            environment=environment,
            interrupts=self.interrupts,
        )

    @property
    def _file(self) -> Path:
        return self.folder / f"Pulumi.{self.name}.yaml"

    def _read(self) -> dict[str, Any]:
        document = yaml.safe_load(self._file.read_text(encoding="utf-8"))
        found: dict[str, Any] = document["config"]
        return found

    def _write(self, wanted: dict[str, Any]) -> None:
        # JSON is YAML, and keeps "5.1" a text.
        self._file.write_text(json.dumps({"config": wanted}, indent=2), encoding="utf-8")
