"""What people see on standard error while the stages run.

On a terminal that is one live line per stage; in a log file or a pipe it is plain lines: when a
stage begins, when it ends, and now and then in between. Both read the same without colour.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from pipeline.errors import StoppedError
from pipeline.wait import Clock, SystemClock, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_EVERY = 10.0
"""Seconds between two lines of a stage in a log file, at least."""


class Display(Protocol):
    """Where progress goes."""

    def begin(self, stage: str) -> None:
        """Show that a stage has begun."""

    def doing(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Show what the current stage is at, and how far it is when that can be counted."""

    def note(self, text: str) -> None:
        """Tell the user something that stays on the screen."""

    def end(self, stage: str, seconds: float, status: str, summary: str) -> None:
        """Show how a stage ended."""


class PlainDisplay:
    """Lines for a log file; of what changes many times a second, one now and then."""

    def __init__(self, stream: TextIO, clock: Clock | None = None) -> None:
        self.stream = stream
        self._clock = clock or SystemClock()
        self._told_at = self._clock.now()
        self._told = ""

    def begin(self, stage: str) -> None:
        """Show that a stage has begun."""
        self._told_at, self._told = self._clock.now(), ""
        self._line(f"{stage} ...")

    def doing(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Write one line in ten seconds, and none that says again what the last one said."""
        now = self._clock.now()
        of = f" of {total}" if total is not None else ""
        line = f"  now {text}" if done is None else f"  {done}{of} done, now {text}"
        if now - self._told_at >= LINE_EVERY and line != self._told:
            self._told_at, self._told = now, line
            self._line(line)

    def note(self, text: str) -> None:
        """Write one line."""
        self._line(f"  note: {text}")

    def end(self, stage: str, seconds: float, status: str, summary: str) -> None:
        """Write one line."""
        self._line(_ending(stage, seconds, status, summary))

    def _line(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()


class LiveDisplay:
    """A moving line for the current stage on a terminal, and a fixed one for each that is over."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn  # noqa: PLC0415

        self.console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[amount]}", markup=False),
            console=self.console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, amount="", visible=False)
        self._stage = ""

    def begin(self, stage: str) -> None:
        """Start the moving line."""
        self._stage = stage
        self._progress.reset(self._task, description=stage, total=None, amount="", visible=True)
        self._progress.start()

    def doing(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Change the moving line."""
        amount = f"{done} of {total}" if done is not None and total is not None else ""
        self._progress.update(
            self._task,
            description=f"{self._stage}: {text}",
            completed=done or 0,
            total=total,
            amount=amount,
        )

    def note(self, text: str) -> None:
        """Print a line above the moving one."""
        self.console.print(f"  note: {text}", markup=False)

    def end(self, stage: str, seconds: float, status: str, summary: str) -> None:
        """Replace the moving line by a fixed one."""
        self._progress.stop()
        style = {"succeeded": "green", "interrupted": "yellow"}.get(status, "red")
        self.console.print(_ending(stage, seconds, status, summary), style=style, markup=False)


def display_for(stream: TextIO | None = None) -> Display:
    """Choose the display for standard error (or `stream`)."""
    stream = stream or sys.stderr
    return LiveDisplay() if stream.isatty() else PlainDisplay(stream)


@dataclass
class Stage:
    """A stage that is under way or over."""

    name: str
    status: str = "running"
    """running, succeeded, failed or interrupted (by Ctrl-C or SIGTERM)."""
    seconds: float = 0.0
    summary: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints for the stage."""
        return {"name": self.name, "status": self.status, "seconds": round(self.seconds, 3)}


class Stages:
    """The stages of one run, in order, timed and shown."""

    def __init__(self, display: Display, clock: Clock) -> None:
        self.display = display
        self.clock = clock
        self.done: list[Stage] = []

    def stage(self, name: str) -> AbstractContextManager[Stage]:
        """Time and show the block as the stage `name`; set its `summary` inside the block."""
        return self._stage(name)

    @contextmanager
    def _stage(self, name: str) -> Iterator[Stage]:
        stage = Stage(name)
        self.done.append(stage)
        self.display.begin(name)
        start = self.clock.now()
        try:
            yield stage
            stage.status = "succeeded"
        except (KeyboardInterrupt, StoppedError):
            stage.status = "interrupted"
            raise
        finally:
            if stage.status == "running":
                stage.status = "failed"
            stage.seconds = self.clock.now() - start
            self.display.end(name, stage.seconds, stage.status, stage.summary)


def _ending(stage: str, seconds: float, status: str, summary: str) -> str:
    """Word the end of a stage, as in `upload    done    0.3 s  12 new files`."""
    outcome = {"succeeded": "done", "failed": "FAILED"}.get(status, status)
    return f"{stage:<10}{outcome:<8}{duration(seconds):>8}  {summary}".rstrip()
