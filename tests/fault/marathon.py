"""Run after run with a random fault in each, and in the end nothing is lost and nothing doubled.

`python -m tests.fault.marathon --runs 100 --seed 7` prints a line a run and the verdict. The input
comes in as many pieces as there are runs; a run that fails is not repeated, the next one goes on.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from localaws import process
from pipeline import local
from pipeline.progress import PlainDisplay
from pipeline.sample import Recipe, write_sample
from tests.fault import faults
from tests.fault.faults import Rule
from tests.fault.world import World, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault.proxy import FaultProxy

PASSING = (
    faults.SLOW_DOWN,
    faults.INTERNAL,
    faults.RESET,
    faults.CUT,
    faults.LOST,
    faults.LOST_500,
)
FOR_GOOD = (1, 1, 1, 2, 4, faults.ALWAYS)
"""How often a fault happens in a row; the last outlives every retry, and the run fails."""
BUSY = 3
INTERRUPTED = 130


@dataclass
class Tally:
    """What happened in a marathon."""

    fired: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    missed: int = 0
    """Runs that ended before the call that was to go wrong."""


class Marathon:
    """Runs in a world, each with its piece of the input and its fault."""

    def __init__(self, world: World, source: Path, runs: int, seed: int) -> None:
        self.world = world
        self.source = source
        self.dice = random.Random(seed)  # noqa: S311 # faults, no secrets
        self.runs = runs
        self.tally = Tally()
        self.calls = {"pipeline": 40, "job": 150}
        """Calls that the last run which came through made, by proxy."""

    def clean(self) -> dict[str, str]:
        """What the tables say after one run over all of the input, without a fault."""
        ended = self.world.run("--source", self.source)
        assert ended.code == 0, ended.told
        found = self.world.hashes()
        self.world.reset()
        return found

    def go(self, pieces: Path, say: Callable[[str], None]) -> None:
        """Every run, and at last one without a fault."""
        files = sorted(self.source.glob("*-data/**/*.json"))
        self.dice.shuffle(files)
        for number in range(self.runs):
            for file in files[number :: self.runs]:
                target = pieces / file.relative_to(self.source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
            began = time.monotonic()
            what, code = self._one(pieces)
            say(f"{number + 1:4} {what}: exit {code}, {time.monotonic() - began:.1f} s")
            if code == INTERRUPTED:
                # The run has taken the signal for itself; it was meant for all of them.
                raise KeyboardInterrupt
        self.world.pipeline.rules.clear()
        self.world.jobs.rules.clear()
        code = self._settled(pieces)
        assert code == 0, "the last run, without a fault, did not succeed"

    def _one(self, pieces: Path) -> tuple[str, int]:
        """One run with its fault: what that was, and the exit code."""
        where = self.dice.choice(("pipeline", "job", "job"))
        proxy = self.world.jobs if where == "job" else self.world.pipeline
        kind = self.dice.choice(("call", "call", "call", "throttle", "job", "localaws", "pipeline"))
        first = 1 + int(self.dice.random() * self.calls[where] * 0.9)
        if kind == "throttle":
            where, proxy = "pipeline", self.world.pipeline
            target = self.dice.choice(("StartJobRun", "GetJobRun", "GetQueryExecution", "Crawler"))
            fault = self.dice.choice((faults.THROTTLED, faults.LOST))
            rule = Rule(f"{target}$", fault, times=self.dice.randint(1, 3))
            return self._with(proxy, rule, f"{fault.name} at {target}", pieces)
        if kind == "call":
            fault = self.dice.choice(PASSING)
            rule = Rule(".", fault, first, self.dice.choice(FOR_GOOD))
            return self._with(proxy, rule, f"{fault.name} of the {where}", pieces)
        if kind == "pipeline":
            return self._kill_pipeline(pieces, 1 + int(self.dice.random() * self.calls["pipeline"]))
        then = self.world.kill_job if kind == "job" else self.world.restart
        rule = Rule(".", faults.RESET, first, then=then)
        return self._with(proxy, rule, f"kill of the {kind}", pieces)

    def _with(self, proxy: FaultProxy, rule: Rule, name: str, pieces: Path) -> tuple[str, int]:
        for each in (self.world.pipeline, self.world.jobs):
            each.rules.clear()
        proxy.rules.add(rule)
        code = self.world.run("--source", pieces).code
        self._note(name, rule, code)
        if code == 0:
            self.calls = {
                "pipeline": self.world.pipeline.rules.calls,
                "job": self.world.jobs.rules.calls,
            }
        if code == BUSY:
            self._settled(pieces)
        return f"{name}, call {rule.first} x {len(rule.hit)}", code

    def _kill_pipeline(self, pieces: Path, first: int) -> tuple[str, int]:
        for each in (self.world.pipeline, self.world.jobs):
            each.rules.clear()
        with self.world.begin("--source", pieces) as running:
            rule = self.world.pipeline.rules.add(Rule(".", faults.RESET, first, then=running.kill))
            running.communicate()
        name = "kill of the pipeline"
        self._note(name, rule, running.returncode)
        return f"{name}, call {first} x {len(rule.hit)}", running.returncode

    def _note(self, name: str, rule: Rule, code: int) -> None:
        self.tally.codes[code] += 1
        if rule.hit:
            self.tally.fired[name] += 1
        else:
            self.tally.missed += 1

    def _settled(self, pieces: Path) -> int:
        """Run; attach first to what an earlier pipeline left running."""
        code = self.world.finish(pieces).code
        if code == BUSY:
            self.world.run("--attach")
            code = self.world.finish(pieces).code
        return code


def marathon(world: World, folder: Path, runs: int, seed: int, say: Callable[[str], None]) -> Tally:
    """Run a marathon in an empty world; raises AssertionError when anything was lost or doubled."""
    source = folder / "music"
    recipe = Recipe(songs=max(runs // 2, 4), days=max(runs // 2, 2), events_per_day=30, seed=seed)
    write_sample(source, recipe, PlainDisplay(io.StringIO()))
    course = Marathon(world, source, runs, seed)
    expected = course.clean()
    course.go(folder / "pieces", say)
    assert world.accounts() == truth(source), f"seed {seed}: the accounts are not the input's"
    assert world.hashes() == expected, f"seed {seed}: the tables are not those of one clean run"
    assert world.left() == [], f"seed {seed}"
    return course.tally


def main() -> int:
    """Run one from the command line; 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()

    def say(text: str) -> None:
        print(text, flush=True)  # noqa: T201 # for the person who started it

    with tempfile.TemporaryDirectory(prefix="marathon-") as name:
        folder = Path(name)
        with process.start(state=folder / "state" / "aws") as running:
            local.provision(running, folder / "state")
        with World(folder / "state") as world, suppress(KeyboardInterrupt):
            tally = marathon(world, folder, options.runs, options.seed, say)
            say(f"exit codes: {dict(tally.codes)}; faults that happened: {dict(tally.fired)}")
            say(
                f"{options.runs} runs, seed {options.seed}, {tally.fired.total()} faults, "
                f"{tally.missed} ended before theirs, {time.monotonic() - began:.0f} s: "
                "0 lost, 0 doubled"
            )
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
