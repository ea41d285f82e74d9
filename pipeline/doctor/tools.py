"""Pulumi on this machine: the CLI, the provider's plugin, the backend and the secrets."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pulumi import automation

from pipeline.deploy_errors import plain_errors
from pipeline.doctor.findings import UncheckedError, Verdict
from pipeline.errors import LakehouseError
from pipeline.local import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.doctor.subject import Subject

PASSPHRASE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


class Tools:
    """The CLI as it is called for one stack; it may write only into a folder of its own."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def _command(self) -> automation.PulumiCommand | LakehouseError:
        try:
            with plain_errors(self.subject.stack):
                return automation.PulumiCommand()
        except LakehouseError as error:
            return error

    def cli(self) -> Iterator[Verdict]:
        """It is there, and new enough for the Automation API."""
        if isinstance(self._command, LakehouseError):
            yield Verdict("problem", str(self._command), "Install or update it.")
        else:
            yield Verdict("ok", f"version {self._command.version}")

    def plugin(self) -> Iterator[Verdict]:
        """The plugin that the installed pulumi_aws talks to is there, or can be fetched."""
        wanted = version("pulumi-aws")
        install = f"Run `pulumi plugin install resource aws {wanted}`."
        on_path = shutil.which("pulumi-resource-aws")
        if on_path is not None:
            yield Verdict("ok", f"{on_path}, which goes before any other")
            return
        installed = [
            plugin.get("version") for plugin in self._ask("plugin", "ls") if plugin["name"] == "aws"
        ]
        if wanted in installed:
            yield Verdict("ok", f"version {wanted}")
        elif os.environ.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "") in {"", "false"}:
            found = ", ".join(str(one) for one in installed) or "none"
            yield Verdict(
                "warning", f"{wanted} is not installed ({found} is): the first up gets it", install
            )
        else:
            yield Verdict(
                "problem", f"{wanted} is not installed, and Pulumi may not get it", install
            )

    def backend(self) -> Iterator[Verdict]:
        """The state can be read there, and whether it has this stack."""
        try:
            stacks = self._ask("stack", "ls", "--project", PROJECT)
        except LakehouseError as error:
            yield Verdict("problem", str(error), "Then run doctor again.")
            return
        where = self._ask("whoami", "--verbose").get("url", "the backend")
        ours = [one for one in stacks if one["name"].rpartition("/")[2] == self.subject.stack]
        self.subject.deployed = any(one.get("resourceCount") for one in ours)
        state = "deployed" if self.subject.deployed else "not deployed yet"
        yield Verdict("ok", f"{where} can be read; {self.subject.stack} is {state}")

    def secrets(self) -> Iterator[Verdict]:
        """Pulumi has what it encrypts the stack's secrets with."""
        import yaml  # noqa: PLC0415

        document = yaml.safe_load(self.subject.file.read_text(encoding="utf-8")) or {}
        provider = str(document.get("secretsprovider", ""))
        if provider and provider != "passphrase":
            yield Verdict("ok", f"under {provider.partition('?')[0]}")
            return
        try:
            where = str(self._ask("whoami", "--verbose").get("url", ""))
        except LakehouseError as error:
            raise UncheckedError("it takes a backend that answers") from error
        if where.startswith("https:"):
            yield Verdict("ok", "kept by the backend")
        elif any(name in os.environ for name in PASSPHRASE):
            yield Verdict("ok", "under the passphrase in the environment")
        else:
            yield Verdict(
                "problem",
                "the backend keeps no keys, and no passphrase is set",
                f"Set {PASSPHRASE[0]}, or begin the stack with --secrets-provider awskms://...",
            )

    def _ask(self, *arguments: str) -> Any:
        if isinstance(self._command, LakehouseError):
            raise UncheckedError("it takes the Pulumi CLI")
        with _copies(self.subject) as folder, plain_errors(self.subject.stack):
            told = self._command.run(
                [*arguments, "--json"], cwd=folder, additional_env={}, on_output=None
            )
        return json.loads(told.stdout)


@contextmanager
def _copies(subject: Subject) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
        shutil.copy(subject.root / "Pulumi.yaml", folder)
        yield folder
