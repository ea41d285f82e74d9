"""The job's log: each line names the run, for a stream is named after the job run alone.

One run may have several job runs, each with a stream of its own: by its id they are found together.
"""

from __future__ import annotations

import io
from typing import TextIO


class RunLog(io.TextIOBase):
    """A stream that begins each line with the run's id."""

    def __init__(self, stream: TextIO, run_id: str) -> None:
        self._stream = stream
        self._run_id = run_id
        self._begun = ""

    def write(self, text: str) -> int:
        """Pass on the lines that are whole by now."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._stream.write(f"run {self._run_id}: {line}\n")
        return len(text)

    def flush(self) -> None:
        """Pass on what was passed on."""
        self._stream.flush()
