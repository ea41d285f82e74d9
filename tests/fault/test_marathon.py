"""A short marathon in every run of the tests: many faults in a row, nothing lost, nothing doubled.

LAKEHOUSE_SEED tries other faults than those of every run, LAKEHOUSE_ROUNDS more of them; a hundred
take `python -m tests.fault.marathon --runs 100`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fault.marathon import marathon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import World

SEED = int(os.environ.get("LAKEHOUSE_SEED", "20181102"))
ROUNDS = int(os.environ.get("LAKEHOUSE_ROUNDS", "4"))


@pytest.mark.timeout(0)
def test_runs_with_a_random_fault_each(new_world: Callable[[], World], tmp_path: Path) -> None:
    """Whatever went wrong in each, the tables in the end are those of one clean run."""
    with new_world() as world:
        tally = marathon(world, tmp_path, ROUNDS, SEED, print)
    print(f"LAKEHOUSE_SEED={SEED}: {dict(tally.fired)}, exit codes {dict(tally.codes)}")  # noqa: T201
    assert tally.fired.total() >= ROUNDS // 2, "too few faults: this proves little"
