"""Ctrl-C and SIGTERM: they end what is under way, but never Pulumi in the middle of its work."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does: what stops a CI job should say what still runs."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python gives signals to the main thread only
        return

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


class Interrupts:
    """Takes both signals for the length of a `with` block; the first one ends the block."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.pending = False
        """Whether a signal came."""
        self._say = say
        self._shield: str | None = None
        self._held = False
        self._raised = False
        self._stop: Callable[[], None] | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Handle the signals here; afterwards they mean what they meant before."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python gives signals to the main thread only
            return
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

        Raises:
            KeyboardInterrupt: after the block, however it ended, when a signal came during it.
        """
        self._shield = what
        try:
            yield
        finally:
            self._shield = None
            if self.pending and not self._raised:
                self._raised = True
                raise KeyboardInterrupt

    @contextmanager
    def passed_on(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop` at each signal that comes during the block."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def hold(self, what: str) -> None:
        """Interrupt nothing from here on, and pass nothing on."""
        self._shield = what
        self._held = True

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        again, self.pending = self.pending, True
        if self._stop is not None and not self._held:
            self._stop()
            if again:
                self._say("Interrupted again: it ends without waiting")
                return
        if self._shield is not None or self._raised:
            self._say(f"Interrupted: {self._shield or 'it is ending already'}")
            return
        self._raised = True
        raise KeyboardInterrupt
