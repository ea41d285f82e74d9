"""All rules, in the order of the rule book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy import athena, glue, iam, kms, network, observe, s3, s3_policies

if TYPE_CHECKING:
    from policy.model import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for family in (s3, s3_policies, kms, iam, glue, athena, network, observe)
            for rule in family.RULES
        ),
        key=lambda rule: (rule.line, rule.name),
    )
)
"""Every line from 1 to 43 is there; a line that covers two kinds of things has two rules."""
