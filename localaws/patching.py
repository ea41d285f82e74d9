"""Replaces methods of moto's classes, in the one way that all extensions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def replace(owner: type, **methods: Callable[..., Any] | property) -> None:
    """Give `owner` these methods and properties, in place of its own or in addition to them."""
    for name, method in methods.items():
        setattr(owner, name, method)
