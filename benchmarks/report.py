"""The bench's results for people: printed, as a document in Markdown, and as a plot."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.engines import JVM
from benchmarks.reckoning import CORES, DOLLARS, LINE_BYTES, basis, reckon
from benchmarks.results import REPEATS, SCENARIOS, Measured, Verdict, expected, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DOCUMENT = "benchmarks.md"
PLOT = "benchmarks.svg"
_ENGINES = {"sail": "Sail", "jvm": f"Spark {JVM.runtime.spark} on Java", "": "DuckDB"}
_NAMES = {"baseline": "replaced job's approach", "job": "this job", "reference": "reference"}


def text(measured: list[Measured], sizes: Sequence[str]) -> str:
    """What a terminal shows: times, ratios, and where the time of the job's full loads goes."""
    parts = [_times(measured, sizes)]
    parts.append(_table(_RATIO_HEAD, map(_verdict_row, verdicts(measured, sizes))))
    parts += [
        f"Where a full load's time goes, {m.size} on {_ENGINES[m.engine]}\n\n{_steps(m)}"
        for m in measured
        if m.contender == "job" and m.scenario == SCENARIOS[0]
    ]
    return "\n\n".join(parts)


def write(measured: list[Measured], sizes: Sequence[str], folder: Path) -> None:
    """Write the document and its plot into `folder`."""
    from benchmarks.plot import draw  # noqa: PLC0415 # matplotlib, for this alone

    draw(measured, folder / PLOT)
    (folder / DOCUMENT).write_text(_document(measured, sizes), encoding="utf-8")


def _document(measured: list[Measured], sizes: Sequence[str]) -> str:
    ran = ", ".join(dict.fromkeys(m.size for m in measured))
    versions = ", ".join(f"{name} {version(name)}" for name in ("pysail", "duckdb", "deltalake"))
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores of {_processor()},
{platform.system()}, Python {platform.python_version()}, {versions}. The load average was
{os.getloadavg()[2]:.0f} over the last 15 minutes. Sizes: {ran}. 1x is
3,000 song files of one record and 450,000 log lines in 30 day files; 10x is ten times the lines and
the same songs: a catalog does not grow with what is listened to.

- **replaced job's approach**: Python functions, inferred schemas, every table overwritten from
  everything each time, songplay numbers from one window over all rows; written anew in that style
  (`benchmarks/baseline.py`). It has no ledger, no quarantine, no lineage. A new day costs it a full
  load, and so does nothing new.
- **this job**: `spark/`, as Glue calls it, with lease, stage, manifest, accounts and ledger.
- **reference**: DuckDB with delta-rs, making the same tables, match, partitions, counts and ledger
  (`benchmarks/reference.py`), with nothing to survive a crash.

All read the same objects from localaws' S3 and write Delta there; each run is a process of its own.
Seconds leave session start out. A new day and nothing new are run {REPEATS} times, and the middle
run is told. Where nothing is new, the job's first run asks the ledger and the others see that all
is as it was then: the greatest figure is that of the first. What did not run is in the tables as
not measured. Before any ratio is told, the tables of the job, after one full load and after all
days but {REPEATS} and then these one by one, and those of the reference must have the same content,
by a hash over every row; those of the replaced approach must have as many rows. Memory is the
greatest resident size of a run's processes together.

![Seconds of a full load, a new day, and nothing new]({PLOT})

## Times

{_times(measured, sizes)}

## Ratios

Processor time says how much of a ratio is the machine's other work.

{_table(_RATIO_HEAD, map(_verdict_row, verdicts(measured, sizes)))}

## Where a full load's time goes

{_steps_together(measured)}

## Workers for 1 TB a day

{_workers(measured)}
"""


_HEAD = ("size", "what", "who", "engine", "seconds", "session start", "CPU seconds", "peak MB")
_RATIO_HEAD = ("size", "engine", "what", "measured", "by CPU", "target", "met")
_NOT_MEASURED = "not measured"


def _times(measured: list[Measured], sizes: Sequence[str]) -> str:
    runs = {(m.size, m.engine, m.contender, m.scenario): m for m in measured}
    return _table(_HEAD, (_row(key, runs.get(key)) for key in expected(sizes)))


def _row(key: tuple[str, str, str, str], m: Measured | None) -> tuple[str, ...]:
    size, engine, contender, scenario = key
    told = (size, scenario, _NAMES[contender], _ENGINES[engine])
    if m is None:
        return (*told, _NOT_MEASURED, "", "", "")
    among = f" ({m.all_seconds[0]:.2f} to {m.all_seconds[-1]:.2f})" if m.all_seconds else ""
    return (
        *told,
        f"{m.seconds:.2f}{among}",
        f"{m.session:.1f}",
        f"{m.cpu:.2f}",
        f"{m.memory / 2**20:,.0f}",
    )


def _verdict_row(v: Verdict) -> tuple[str, ...]:
    return (
        v.size,
        _ENGINES[v.engine],
        v.name,
        _NOT_MEASURED if v.value is None else f"{v.value:.2f}",
        "" if v.cpu is None else f"{v.cpu:.2f}",
        f"at {'least' if v.at_least else 'most'} {v.limit:.3g}",
        {True: "yes", False: "no", None: ""}[v.met],
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _with_rest(m: Measured) -> dict[str, float]:
    """The steps of a run, and what is between them."""
    return {**m.steps, "everything else": max(0.0, m.seconds - sum(m.steps.values()))}


def _steps(m: Measured) -> str:
    rows = sorted(_with_rest(m).items(), key=lambda step: -step[1])
    return _table(
        ("step", "seconds", "share"),
        ((name, f"{took:.2f}", f"{took / m.seconds:.0%}") for name, took in rows),
    )


def _steps_together(measured: list[Measured]) -> str:
    runs = [m for m in measured if m.contender == "job" and m.scenario == SCENARIOS[0]]
    names = dict.fromkeys(name for m in runs for name in _with_rest(m))
    head = ("step", *(f"{m.size}, {_ENGINES[m.engine]}" for m in runs))
    rows = [(name, *(f"{_with_rest(m).get(name, 0):.2f}" for m in runs)) for name in names]
    return _table(head, rows)


def _workers(measured: list[Measured]) -> str:
    rests_on = basis(measured)
    if rests_on is None:
        return (
            "Not reckoned: it rests on Spark on Java at 1x and 10x, which were not both measured."
        )
    told = f"""A reckoning, not a measurement on Glue. A million lines of {LINE_BYTES} bytes take
{1e6 * rests_on.line:.1f} processor seconds, by 10x less 1x; a batch takes {rests_on.batch:.1f} s
beside its lines, by one new day at 1x. Hours = lines x seconds / (workers x {CORES} cores)
+ batches x seconds. The driver is one G.1X worker more; a DPU hour is ${DOLLARS}."""
    head = ("workers", "GiB a batch", "hours a day", "dollars a day")
    rows = (
        (str(r.workers), f"{r.batch_bytes / 2**30:g}", f"{r.hours:.2f}", f"{r.dollars:.2f}")
        for r in reckon(rests_on)
    )
    return f"{told}\n\n{_table(head, rows)}"


def _processor() -> str:
    """The processor's name, where the system tells (proc_cpuinfo(5))."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
