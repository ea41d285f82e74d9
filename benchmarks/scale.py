"""How much input a benchmark has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.sample import Recipe

SONGS = 3_000
LINES_PER_DAY = 15_000
DAYS = 30
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)x")


@dataclass(frozen=True)
class Scale:
    """The input by its name: `1x` is 3,000 song files and 450,000 log lines in 30 day files.

    Above `1x` the lines grow and the songs stay as they are: a catalog does not grow with what is
    listened to. Below it both shrink.
    """

    name: str
    recipe: Recipe

    @property
    def lines(self) -> int:
        """Log lines of all days together."""
        return self.recipe.days * self.recipe.events_per_day

    @property
    def rows(self) -> int:
        """Records of both kinds together."""
        return self.lines + self.recipe.songs


def scale(name: str, *, dirty: float = 0.0) -> Scale:
    """Read a size such as `0.01x`, `1x` or `10x`; `dirty` is the share of spoilt records.

    Raises ValueError for anything else.
    """
    found = _SIZE.fullmatch(name)
    factor = float(found[1]) if found else 0.0
    if factor <= 0:
        raise ValueError(f"{name!r} is no size. Sizes are numbers followed by x: 0.01x, 1x, 10x.")
    recipe = Recipe(
        songs=max(1, round(SONGS * min(factor, 1))),
        days=DAYS,
        events_per_day=max(1, round(LINES_PER_DAY * factor)),
        seed=7,
        dirty=dirty,
    )
    return Scale(name, recipe)
