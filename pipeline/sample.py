"""`lakehouse sample`: realistic input, the same bytes for the same arguments on every machine."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.sample_dirt import Dirt
from pipeline.sample_events import EventLog, day_path
from pipeline.sample_music import songs as make_songs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.progress import Display

MARKER = ".lakehouse-sample.json"
"""The file that marks a folder as a sample; the upload leaves names with a dot out."""

FORMAT = 1
"""Raised whenever the same arguments come to mean other bytes."""

PATIENCE = 2.0
"""Seconds after which writing shows progress."""


@dataclass(frozen=True)
class Recipe:
    """The arguments of a sample, which decide every byte of it."""

    songs: int
    days: int
    events_per_day: int
    seed: int
    dirty: float = 0.0


@dataclass(frozen=True)
class Written:
    """What the folder holds now; `already_there` says that nothing was written."""

    folder: str
    recipe: Recipe
    files: int
    events: int
    size: int
    """Bytes."""
    dirt: dict[str, int]
    already_there: bool

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints."""
        return asdict(self)

    def as_text(self) -> str:
        """Return what people read."""
        recipe = self.recipe
        lines = [
            f"{self.folder}: {recipe.songs:,} songs and {self.events:,} events of {recipe.days} "
            f"days in {self.files:,} files ({self.size / 1e6:.1f} MB)"
            + (", already there" if self.already_there else "")
        ]
        if self.dirt:
            lines.append(
                "dirt: " + ", ".join(f"{count:,} {name}" for name, count in self.dirt.items())
            )
        return "\n".join(lines)


def write_sample(folder: Path, recipe: Recipe, display: Display) -> Written:
    """Write the sample to `folder`, in place of a former sample if that is all it holds.

    Raises:
        UsageError: the folder is a file, cannot be written, or holds anything else.
    """
    try:
        if folder.is_dir():
            former = _former(folder, recipe)
            if former is not None:
                return former
        elif folder.exists():
            raise UsageError(f"{folder} is not a folder. Choose another one.")
        return _write(folder, recipe, display)
    except OSError as error:
        raise UsageError(f"The sample cannot be written to {folder}: {error}") from error


def contents(recipe: Recipe, dirt: Dirt) -> Iterator[tuple[str, str, int]]:
    """Make every file of the sample: its path, its text, and how many events that is."""
    library = make_songs(recipe.songs, recipe.seed)
    log = EventLog(
        library, days=recipe.days, events_per_day=recipe.events_per_day, seed=recipe.seed
    )
    again = {first: second for second, first in _repeats(recipe, dirt).items()}
    for song in library:
        text = dirt.song(song.path, song.line)
        yield song.path, text, 0
        if song.path in again:
            yield again[song.path], text, 0
    for day in range(recipe.days):
        path = day_path(day)
        text = dirt.day(path, log.lines(day))
        yield path, text, recipe.events_per_day
        if path in again:
            yield again[path], text, recipe.events_per_day


def paths(recipe: Recipe) -> list[str]:
    """List the paths of all files of the sample, without making any."""
    first = [song.path for song in make_songs(recipe.songs, recipe.seed)]
    first += [day_path(day) for day in range(recipe.days)]
    return first + list(_repeats(recipe, Dirt(recipe.dirty, recipe.seed)))


def _repeats(recipe: Recipe, dirt: Dirt) -> dict[str, str]:
    song_paths = [song.path for song in make_songs(recipe.songs, recipe.seed)]
    day_paths = [day_path(day) for day in range(recipe.days)]
    return dirt.repeats(song_paths) | dirt.repeats(day_paths)


def _write(folder: Path, recipe: Recipe, display: Display) -> Written:
    names = paths(recipe)
    _mark(folder, {"recipe": asdict(recipe), "files": names})
    dirt = Dirt(recipe.dirty, recipe.seed)
    start = time.monotonic()
    shown = False
    size = events = 0
    for done, (name, text, count) in enumerate(contents(recipe, dirt), start=1):
        path = folder / name
        content = text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        size += len(content)
        events += count
        if not shown and time.monotonic() - start > PATIENCE:
            shown = True
            display.begin("sample")
        if shown:
            display.doing("writing files", done, len(names))
    written = Written(
        str(folder), recipe, len(names), events, size, dict(sorted(dirt.counts.items())), False
    )
    if shown:
        display.end("sample", time.monotonic() - start, "succeeded", f"{len(names):,} files")
    totals = {"events": events, "size": size, "dirt": written.dirt}
    _mark(folder, {"recipe": asdict(recipe), "files": names, "totals": totals})
    return written


def _former(folder: Path, recipe: Recipe) -> Written | None:
    """Return the sample that is there already, or make room for another one.

    A marker without totals is that of a sample whose writing was interrupted.
    """
    inside = [path for path in folder.rglob("*") if not path.is_dir()]
    if not inside:
        return None
    marker = _read_marker(folder)
    if marker is None:
        raise UsageError(
            f"{folder} holds other files, such as {inside[0].relative_to(folder)}. Choose an empty "
            "or a new folder for the sample."
        )
    present = {path.relative_to(folder).as_posix() for path in inside} - {MARKER}
    totals = marker.get("totals")
    if totals and marker["recipe"] == asdict(recipe) and present >= set(marker["files"]):
        return Written(str(folder), recipe, len(marker["files"]), **totals, already_there=True)
    if strangers := sorted(present - set(marker["files"])):
        raise UsageError(
            f"{folder} holds a sample made with other arguments and, beside it, {strangers[0]}. "
            "Move that away or choose another folder; nothing was changed."
        )
    for name in present:
        (folder / name).unlink()
    return None


def _read_marker(folder: Path) -> dict[str, Any] | None:
    try:
        marker: Any = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(marker, dict) or not {"format", "recipe", "files"} <= set(marker):
        return None
    if marker["format"] != FORMAT:
        marker.pop("totals", None)
    return marker


def _mark(folder: Path, marker: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, **marker}, indent=1)
    (folder / MARKER).write_text(text + "\n", encoding="utf-8")
