"""Where the time of a run goes: seconds by step, for the report and for whoever tunes the job."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Steps:
    """Adds up the wall-clock seconds of steps by their names. Steps do not nest."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count the time of the block for the step `name`, also when the block raises."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] += time.monotonic() - begun

    def as_json(self) -> dict[str, float]:
        """Seconds by step, in the order in which the steps first ended."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}
