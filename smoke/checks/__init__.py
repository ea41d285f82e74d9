"""Every check, in the order in which they are made: those that disturb the stack come last."""

from __future__ import annotations

from smoke.checks import alerts, athena, encryption, glue, network, permissions

CHECKS = (
    *permissions.CHECKS,
    *encryption.CHECKS,
    *glue.CHECKS,
    *athena.CHECKS,
    *network.CHECKS,
    *alerts.CHECKS,
    *permissions.DISTURBING,
)
"""docs/unproven.md has a line for each, and says what only a person can look at."""
