"""Runs the benchmarks: `python -m benchmarks --size 1x --size 10x`, or `make bench`.

Everything of one size in one go on one machine, on the same objects of localaws' S3, each run in a
fresh process: (a) the baseline, in the style of the job that this project replaced; (b) this
project's job; (c) the reference, DuckDB with delta-rs. Ratios are told only when the tables of (b)
and (c) have the same content, on every engine, and those of (a) as many rows.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import content, landing, report
from benchmarks.results import (
    ENGINES,
    REPEATS,
    SCENARIOS,
    SIZES,
    ContentError,
    Measured,
    middle,
    require_equal,
)
from benchmarks.scale import Scale, scale
from benchmarks.watch import WorkerError, jvm_python, measure
from localaws.process import start
from pipeline.sample import paths
from spark.storage import client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"


def main(argv: list[str]) -> int:
    """Measure, print, write the documents. 1 when contents differ or a run fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", action="append", help="such as 0.01x; may repeat; default: both")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all there are")
    parser.add_argument("--dirty", type=float, default=0.0, help="share of spoilt records")
    parser.add_argument("--no-baseline", action="store_true", help="leave the replaced job out")
    parser.add_argument("--docs", type=Path, help="folder for the table and the plot")
    given = parser.parse_args(argv)
    engines = given.engine or list(ENGINES)
    if "jvm" in engines and jvm_python() is None:
        print("Spark on Java is not measured: no environment (make .venv-spark35/stamp, Java 17).")
        engines = [engine for engine in engines if engine != "jvm"]
    sizes = given.size or list(SIZES)
    measured: list[Measured] = []
    status = 0
    for name in sizes:
        try:
            measured += bench(
                scale(name, dirty=given.dirty), engines, baseline=not given.no_baseline
            )
        except (ContentError, WorkerError) as error:
            # Nothing of this size is told; what was measured of another one is.
            print(error, file=sys.stderr)
            status = 1
    told = [*dict.fromkeys([*SIZES, *sizes])] if given.docs else sizes
    print(report.text(measured, told))
    if given.docs and measured:
        report.write(measured, told, given.docs)
    return status


def bench(size: Scale, engines: Iterable[str], *, baseline: bool = True) -> list[Measured]:
    """Measure every scenario of one size; raises ContentError when contenders differ."""
    folder = landing.generate(WORK, size)
    with start() as aws, _environment(aws.environment()) as environment:
        return list(_measured(size, folder, list(engines), environment, baseline))


@contextmanager
def _environment(added: dict[str, str]) -> Iterator[dict[str, str]]:
    """Lead boto3 and delta-rs, which read the environment, to localaws for the block's length."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield added
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _measured(
    size: Scale, folder: Path, engines: list[str], environment: dict[str, str], baseline: bool
) -> Iterable[Measured]:
    full, day, nothing = SCENARIOS
    runs = [("job", engine) for engine in engines] + [("reference", "")]
    last = landing.last_days(size, REPEATS)
    landing.land(folder, [path for path in paths(size.recipe) if path not in last])
    s3 = client()

    def one(contender: str, engine: str, scenario: str, kind: str) -> Measured:
        lake = _lake(kind, contender, engine)
        print(f"{size.name}: {scenario}, {contender} {engine}".rstrip(), file=sys.stderr)
        run = measure(
            size=size.name,
            engine=engine,
            contender=contender,
            scenario=scenario,
            lake=lake,
            environment=environment,
        )
        print(f"    {run.seconds:.1f} s, {run.cpu:.1f} of the processor", file=sys.stderr)
        return run

    for contender, engine in runs:
        for kind in ("daily", "whole"):
            s3.create_bucket(Bucket=_lake(kind, contender, engine))
        one(contender, engine, "all but the last days", "daily")
    days: dict[tuple[str, str], list[Measured]] = {run: [] for run in runs}
    for key in last:
        landing.land(folder, [key])
        for run in runs:
            days[run].append(one(*run, day, "daily"))
    yield from map(middle, days.values())
    for run in runs:
        yield middle([one(*run, nothing, "daily") for _ in range(REPEATS)])
    for run in runs:
        yield one(*run, full, "whole")
    lakes = [_lake(kind, *run) for run in runs for kind in ("whole", "daily")]
    require_equal({lake: content.hashes(lake) for lake in lakes})
    if baseline:
        for engine in engines:
            lake = _lake("whole", "baseline", engine)
            s3.create_bucket(Bucket=lake)
            yield one("baseline", engine, full, "whole")
            _require_rows(lake, lakes[0])


def _require_rows(lake: str, other: str) -> None:
    """Raise ContentError unless the five tables of both lakes have as many rows."""
    names = ("songs", "artists", "users", "time", "songplays")
    if (found := content.counts(lake, names)) != (expected := content.counts(other, names)):
        raise ContentError(f"{lake} has {found} rows and {other} has {expected}.")


def _lake(kind: str, contender: str, engine: str) -> str:
    return f"bench-{kind}-{contender}-{engine or 'duckdb'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
