"""The plot: seconds of each scenario, contender beside contender, a panel a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

from benchmarks.results import SCENARIOS

mpl.use("svg")
# The same measurements give the same file: no random ids, no date, text as text.
mpl.rcParams["svg.hashsalt"] = "benchmarks"
mpl.rcParams["svg.fonttype"] = "none"

from matplotlib import pyplot as plt  # noqa: E402 # after the choice of the backend

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.results import Measured

_LABELS = {
    ("reference", ""): ("DuckDB + delta-rs", "#8c8c8c"),
    ("job", "sail"): ("this job, Sail", "#2f7fb8"),
    ("baseline", "sail"): ("replaced approach, Sail", "#9cc7e0"),
    ("job", "jvm"): ("this job, Spark on Java", "#d9822b"),
    ("baseline", "jvm"): ("replaced approach, Spark on Java", "#f2c79b"),
}


def draw(measured: list[Measured], file: Path) -> None:
    """Draw what was measured into an SVG file."""
    sizes = list(dict.fromkeys(m.size for m in measured))
    figure, panels = plt.subplots(1, len(sizes), figsize=(5 * len(sizes), 3.6), squeeze=False)
    for size, panel in zip(sizes, panels[0], strict=True):
        labels = [k for k in _LABELS if any((m.contender, m.engine) == k for m in measured)]
        width = 0.8 / len(labels)
        for place, key in enumerate(labels):
            own = [m for m in measured if m.size == size and (m.contender, m.engine) == key]
            at = [SCENARIOS.index(m.scenario) + (place + 0.5) * width - 0.4 for m in own]
            name, colour = _LABELS[key]
            panel.bar(at, [m.seconds for m in own], width * 0.9, label=name, color=colour)
        panel.set_title(size)
        panel.set_xticks(range(len(SCENARIOS)), SCENARIOS)
        panel.set_yscale("log")
        panel.set_ylabel("seconds")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0][-1].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
