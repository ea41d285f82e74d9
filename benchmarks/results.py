"""What was measured, and the ratios that may be told: only of contenders whose tables are equal."""

from __future__ import annotations

from dataclasses import dataclass, field

SCENARIOS = ("full load", "one new day", "nothing new")


class ContentError(Exception):
    """Two contenders that must have made the same tables did not."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of one contender: seconds beside session start, and what it used.

    `engine` is empty for the reference, which needs none. `memory` is the peak of the resident
    memory of its processes, in bytes; `cpu` their processor seconds.
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


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times as long `of` took as `to`, with the target it is held against."""

    size: str
    engine: str
    name: str
    value: float
    cpu: float
    target: str
    met: bool


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


def ratios(measured: list[Measured]) -> list[Ratio]:
    """Every ratio with a target, of what was measured."""
    found = {(m.size, m.engine, m.contender, m.scenario): m for m in measured}
    told: list[Ratio] = []

    def tell(name: str, upper: tuple[str, ...], lower: tuple[str, ...], limit: float) -> None:
        """A ratio of two runs; a negative limit is one to reach, a positive one not to exceed."""
        if upper not in found or lower not in found:
            return
        a, b = found[upper], found[lower]
        value = a.seconds / b.seconds
        told.append(
            Ratio(
                size=upper[0],
                engine=upper[1] or lower[1],
                name=name,
                value=value,
                cpu=a.cpu / b.cpu if b.cpu else 0.0,
                target=f"at least {-limit:g}" if limit < 0 else f"at most {limit:.3g}",
                met=value >= -limit if limit < 0 else value <= limit,
            )
        )

    full, day = SCENARIOS[:2]
    for size in dict.fromkeys(m.size for m in measured):
        large = size == "10x"
        for engine in dict.fromkeys(m.engine for m in measured if m.engine):
            job = (size, engine, "job")
            if engine == "sail":
                reference = (size, "", "reference", full)
                tell("full load: job / reference", (*job, full), reference, 1.5)
            limit = -5.0 if large else -1.5
            if engine == "jvm":
                tell(
                    "full load: baseline / job",
                    (size, engine, "baseline", full),
                    (*job, full),
                    limit,
                )
            part = 1 / 6 if engine == "sail" and not large else 1 / 10
            tell("job: one new day / full load", (*job, day), (*job, full), part)
    return told


def limits(measured: list[Measured]) -> list[Ratio]:
    """The targets that are no ratio of two runs of one size: nothing new, and rows per second."""
    told = []
    loads = {
        (m.engine, m.size): m
        for m in measured
        if m.contender == "job" and m.scenario == SCENARIOS[0]
    }
    for engine in dict.fromkeys(engine for engine, _ in loads):
        small, large = loads.get((engine, "1x")), loads.get((engine, "10x"))
        if small and large:
            value = 10 * small.seconds / large.seconds
            told.append(
                Ratio(
                    size="10x",
                    engine=engine,
                    name="job: rows per second at 10x / at 1x",
                    value=value,
                    cpu=10 * small.cpu / large.cpu,
                    target="at least 0.95",
                    met=value >= 0.95,
                )
            )
    for m in measured:
        if m.contender == "job" and m.scenario == SCENARIOS[2]:
            most = 1.0 if m.engine == "sail" else 5.0
            told.append(
                Ratio(
                    size=m.size,
                    engine=m.engine,
                    name="job: seconds when nothing is new",
                    value=m.seconds,
                    cpu=m.cpu,
                    target=f"at most {most:g}",
                    met=m.seconds <= most,
                )
            )
    return told
