"""What was measured, and the ratios that may be told: only of contenders whose tables are equal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.scale import scale

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = ("full load", "one new day", "nothing new")
SIZES = ("1x", "10x")
ENGINES = ("sail", "jvm")
REPEATS = 3
"""Runs of each short scenario, of which the middle one is told."""


class ContentError(Exception):
    """Two contenders that must have made the same tables did not."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of one contender: seconds beside session start, and what it used.

    `engine` is empty for the reference, which needs none. `memory` is the peak of the resident
    memory of its processes, in bytes; `cpu` their processor seconds. `all_seconds` are those of
    every repetition, where there was more than one.
    """

    size: str
    engine: str
    contender: str
    scenario: str
    seconds: float
    session: float
    cpu: float
    memory: int
    steps: dict[str, float] = field(default_factory=dict)
    all_seconds: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was measured of a target, in seconds and in processor seconds; None: not measured."""

    size: str
    engine: str
    name: str
    limit: float
    at_least: bool = False
    value: float | None = None
    cpu: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def middle(runs: Sequence[Measured]) -> Measured:
    """The run of median seconds, with those of all."""
    ordered = sorted(runs, key=lambda run: run.seconds)
    return replace(ordered[len(ordered) // 2], all_seconds=tuple(run.seconds for run in ordered))


def require_equal(content: dict[str, dict[str, str]]) -> None:
    """Raise ContentError, naming lakes and tables, unless every lake has the same content hashes.

    `content` has the hashes of each lake's tables. No ratio is told of contenders that differ.
    """
    (first, expected), *others = content.items()
    for name, found in others:
        if wrong := sorted(t for t in expected | found if expected.get(t) != found.get(t)):
            raise ContentError(
                f"{name} and {first} differ in {', '.join(wrong)}: no ratio means anything. "
                f"Compare the tables row by row before measuring again."
            )


def expected(sizes: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Size, engine, contender and scenario of every run that the bench has for these sizes."""
    full = SCENARIOS[0]
    found = []
    for size in sizes:
        for scenario in SCENARIOS:
            found += [(size, engine, "job", scenario) for engine in ENGINES]
            found.append((size, "", "reference", scenario))
        found += [(size, engine, "baseline", full) for engine in ENGINES]
    return found


def verdicts(measured: Sequence[Measured], sizes: Sequence[str]) -> list[Verdict]:
    """Every target of these sizes, met or not, or not measured."""
    runs = {(m.size, m.engine, m.contender, m.scenario): m for m in measured}
    full, day, nothing = SCENARIOS
    told: list[Verdict] = []

    def tell(target: Verdict, upper: Measured | None, lower: Measured | None, by: float) -> None:
        """The target with `by` times the first run's seconds by the second's, where both ran."""
        if upper and lower:
            cpu = by * upper.cpu / lower.cpu if lower.cpu else None
            target = replace(target, value=by * upper.seconds / lower.seconds, cpu=cpu)
        told.append(target)

    for size in sizes:
        for engine in ENGINES:
            large = size == SIZES[-1]
            job = runs.get((size, engine, "job", full))
            if engine == "sail":
                name = "full load: job / reference"
                reference = runs.get((size, "", "reference", full))
                tell(_target(size, engine, name, 1.5), job, reference, 1)
            else:
                name = "full load: baseline / job"
                baseline = runs.get((size, engine, "baseline", full))
                limit = 5.0 if large else 1.5
                tell(_target(size, engine, name, limit, at_least=True), baseline, job, 1)
            if large or engine == "sail":
                name = "job: one new day / full load"
                target = _target(size, engine, name, 1 / 10 if large else 1 / 6)
                tell(target, runs.get((size, engine, "job", day)), job, 1)
            name = "job: seconds when nothing is new"
            target = _target(size, engine, name, 1.0 if engine == "sail" else 5.0)
            if idle := runs.get((size, engine, "job", nothing)):
                target = replace(target, value=idle.seconds, cpu=idle.cpu)
            told.append(target)
            if large:
                name = f"job: rows per second at {size} / at 1x"
                small = runs.get(("1x", engine, "job", full))
                rows = scale(size).rows / scale("1x").rows
                tell(_target(size, engine, name, 0.95, at_least=True), small, job, rows)
    return told


def _target(size: str, engine: str, name: str, limit: float, *, at_least: bool = False) -> Verdict:
    return Verdict(size=size, engine=engine, name=name, limit=limit, at_least=at_least)
