"""Calls to S3 that are refused, answered late, cut short, or carried out without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault import faults
from tests.fault.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.world import World

PASSING = [faults.SLOW_DOWN, faults.INTERNAL, faults.RESET, faults.CUT]
COMMIT = r"PUT /\S*bronze\S*/_delta_log/\d+\.json"


@pytest.mark.parametrize("fault", [faults.LOST, faults.LOST_500], ids=lambda fault: fault.name)
def test_a_commit_that_landed_and_whose_reply_was_lost(
    world: World, source: Path, whole: Callable[[World], None], fault: faults.Fault
) -> None:
    """Fault 3: the commit of a table is there, and its writer does not know."""
    rules = [
        world.jobs.rules.add(Rule(COMMIT.replace("bronze", rf"{table}"), fault, first=2))
        for table in ("/songplays", "/ingested_files")
    ]
    ended = world.run("--source", source)
    assert any(rule.hit for rule in rules)
    if ended.code:
        assert ended.code == 1, ended.told
        world.jobs.rules.clear()
        ended = world.run("--source", source)
    assert ended.code == 0, ended.told
    whole(world)
