"""Ctrl-C and SIGTERM: they end the checks at once, but never Pulumi in the middle of its work."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Interrupts:
    """Takes both signals for the length of a `with` block; the first one ends the checks."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._shield: str | None = None
        self._pending = False
        self._raised = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Handle the signals here; afterwards they mean what they meant before."""
        former = {
            one: signal.signal(one, self._interrupt) for one in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for one, handler in former.items():
                signal.signal(one, handler)

    @contextmanager
    def shielded(self, what: str) -> Iterator[None]:
        """Let the block come to its end first; `what` is told to who interrupts.

        At a terminal the Pulumi CLI gets the same Ctrl-C, and ends what it is at by itself. To
        leave it alone while it still works would leave the stack locked, and half made.

        Raises:
            KeyboardInterrupt: after the block, when a signal came during it.
        """
        self._shield = what
        yield
        self._shield = None
        if self._pending and not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def hold(self, what: str) -> None:
        """Interrupt nothing from here on."""
        self._shield = what

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._pending = True
        if self._shield is not None or self._raised:
            self._say(f"Interrupted: {self._shield or 'it is ending already'}")
            return
        self._raised = True
        raise KeyboardInterrupt
