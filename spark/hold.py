"""Which object versions are too bad to go into the tables before somebody has looked at them.

One bad record in a hundred is a bad record; most of an object's records being bad says that the
object is not what the contract is about: cut, mixed up, or of a new format. Nothing of such a
version goes anywhere until it is mended or accepted. The verdict concerns one version by itself,
so it does not depend on what else is in its batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MAX_QUARANTINED_FRACTION = 0.5
MIN_QUARANTINED = 20
"""Fewer bad records than this never hold a version: the quarantine is as good a place for them, and
an object of one song would be all bad or all good."""

_REASONS_TOLD = 3


def is_too_bad(read: int, quarantined: int, max_fraction: float) -> bool:
    """Whether a version with these counts is held: more than `max_fraction` of it is bad."""
    return quarantined >= MIN_QUARANTINED and quarantined > max_fraction * read


def why(read: int, quarantined: int, reasons: Mapping[str, int]) -> str:
    """The ledger's sentence about a held version: counts and the commonest reasons, no values."""
    commonest = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:_REASONS_TOLD]
    told = "; ".join(f"{reason} ({count})" for reason, count in commonest)
    return f"{quarantined} of {read} records break the contract: {told}"
