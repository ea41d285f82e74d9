"""Which checks a stack and this machine go through, in which order."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from pipeline.doctor.findings import Check, Finding, examine
from pipeline.errors import StackError
from pipeline.local import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.progress import Display


def examine_stack(
    stack: str, region: str | None, display: Display, root: Path = ROOT
) -> list[Finding]:
    """Check all that a deployment of the stack needs; nothing is changed anywhere.

    Raises:
        StackError: there are no settings for it.
    """
    # Here, for they import Pulumi: the checks of this machine do without.
    from pipeline.doctor import account, clashes, quotas, services, stack_file  # noqa: PLC0415
    from pipeline.doctor.subject import Subject  # noqa: PLC0415
    from pipeline.doctor.tools import Tools  # noqa: PLC0415

    subject = Subject(stack, root, region)
    if not subject.file.is_file():
        raise StackError(
            f"There is no stack {stack!r}: {subject.file} does not exist. Copy one of its "
            "neighbours to begin a new stack."
        )
    tools = Tools(subject)
    looks = [
        ("stack file", stack_file.settings),
        ("credentials", account.credentials),
        ("account", account.account),
        ("region", account.region),
        ("Pulumi CLI", lambda _: tools.cli()),
        ("Pulumi plugin", lambda _: tools.plugin()),
        ("Pulumi backend", lambda _: tools.backend()),
        ("Pulumi secrets", lambda _: tools.secrets()),
        ("buckets", clashes.buckets),
        ("names", clashes.others),
        ("network quotas", quotas.network),
        ("Glue quotas", quotas.glue),
        ("Athena quotas", quotas.athena),
        ("Lake Formation", services.lake_formation),
        ("Athena engine", services.athena),
        ("KMS", services.key),
    ]
    return _timed([(name, partial(look, subject)) for name, look in looks], display, stack)


def examine_laptop(state: Path | None, display: Display) -> list[Finding]:
    """Check all that a run on this machine needs."""
    from pipeline.doctor import laptop  # noqa: PLC0415

    checks: list[Check] = [
        ("Python", laptop.python),
        ("packages", laptop.packages),
        ("port", laptop.port),
        ("disk", partial(laptop.disk, state)),
    ]
    return _timed(checks, display, "this machine")


def _timed(checks: list[Check], display: Display, what: str) -> list[Finding]:
    display.begin("doctor")
    start = time.monotonic()
    status = "failed"
    try:
        found = examine(checks, display)
        status = "succeeded"
    finally:
        display.end("doctor", time.monotonic() - start, status, what)
    return found
