"""The rules applied to a stack: what breaks them, and which exceptions were needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.rules import RULES
from policy.waivers import WAIVERS, Waiver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model import Finding, Rule, Stack


@dataclass(frozen=True)
class Report:
    """What a check of a stack found."""

    findings: tuple[Finding, ...]
    """What must be mended."""
    waived: tuple[tuple[Finding, Waiver], ...]
    """What is excepted, with the exception."""

    def __str__(self) -> str:
        lines = [f"BROKEN  {finding}" for finding in self.findings]
        lines += [f"waived  {finding} because {waiver.reason}" for finding, waiver in self.waived]
        return "\n".join(lines) or "no findings"


def check(
    stack: Stack, rules: Sequence[Rule] = RULES, waivers: Sequence[Waiver] = WAIVERS
) -> Report:
    """Apply the rules to a stack.

    Raises:
        UnsupportedPolicyError: when a policy document holds what cannot be judged.
    """
    findings, waived = [], []
    for rule in rules:
        for finding in rule.findings(stack):
            covering = next(
                (
                    waiver
                    for waiver in waivers
                    if waiver.covers(finding, production=stack.production)
                ),
                None,
            )
            if covering is None:
                findings.append(finding)
            else:
                waived.append((finding, covering))
    return Report(tuple(findings), tuple(waived))
