"""What people see on standard error while the stages run.

On a terminal that is one live line per stage; in a log file or a pipe it is plain lines, one when
a stage begins and one when it ends. Both read the same without colour.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from pipeline.errors import StoppedError
from pipeline.wait import Clock, duration

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Lines for a log file; what changes many times a second is left out."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def begin(self, stage: str) -> None:
        """Show that a stage has begun."""
        self._line(f"{stage} ...")

    def doing(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Leave it out: a log file keeps each stage's beginning and end."""

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
        style = "green" if status == "succeeded" else "red"
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
    """running, succeeded, failed or stopped (by the user)."""
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
            stage.status = "stopped"
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
