"""What the checks cannot work with."""

from __future__ import annotations


class PolicyError(Exception):
    """The root of what this package raises."""


class UnsupportedPolicyError(PolicyError):
    """A policy document uses an element or operator that is not evaluated; guessing would lie."""
