"""The bench at a hundredth of its size: equal tables or no ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import __main__ as command
from benchmarks import reckoning, report
from benchmarks.results import ContentError, Measured, middle, require_equal, verdicts
from benchmarks.scale import scale
from spark.tables import TABLE_NAMES

if TYPE_CHECKING:
    from pathlib import Path


def measured(**changes: Any) -> Measured:
    """A run as it might have been measured."""
    usual: dict[str, Any] = {
        "size": "1x",
        "engine": "sail",
        "contender": "job",
        "scenario": "full load",
        "seconds": 3.0,
        "session": 1.0,
        "cpu": 4.0,
        "memory": 1,
    }
    return Measured(**usual | changes)


def test_job_and_reference_make_the_same_tables_of_spoilt_input(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """Whole and day by day, with quarantine and duplicates: equal hashes, so ratios are told."""
    monkeypatch.setattr(command, "WORK", tmp_path)
    monkeypatch.setattr(command, "REPEATS", 1)
    compared: list[dict[str, dict[str, str]]] = []

    def compare(content: dict[str, dict[str, str]]) -> None:
        compared.append(content)
        require_equal(content)

    monkeypatch.setattr(command, "require_equal", compare)
    small = ["--size", "0.01x", "--engine", "sail", "--dirty", "0.02", "--no-baseline"]
    assert command.main(small) == 0
    (content,) = compared
    assert len(content) == 4
    for hashes in content.values():
        assert tuple(hashes) == TABLE_NAMES
        assert not [name for name, told in hashes.items() if told.startswith("0:")]
    assert "full load: job / reference" in capsys.readouterr().out


def test_a_wrong_hash_stops_the_ratios(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """When one table of one contender differs, its name is told, and no number."""
    monkeypatch.setattr(command, "WORK", tmp_path)
    monkeypatch.setattr(command, "measure", lambda **_: measured())

    def hashes(lake: str) -> dict[str, str]:
        return {"songs": "1:a:b", "time": "1:a:c" if "reference" in lake else "1:a:d"}

    monkeypatch.setattr("benchmarks.content.hashes", hashes)
    assert command.main(["--size", "0.001x", "--engine", "sail"]) == 1
    told = capsys.readouterr()
    assert "differ in time" in told.err
    assert "full load: job / reference | not measured" in told.out
    assert "3.00" not in told.out


def test_equal_content_passes_and_a_missing_table_does_not() -> None:
    """A table that only one of them has is a difference too."""
    require_equal({"a": {"songs": "1"}, "b": {"songs": "1"}})
    with pytest.raises(ContentError, match="b and a differ in time"):
        require_equal({"a": {"songs": "1", "time": "2"}, "b": {"songs": "1"}})


def test_ratios_are_held_against_their_targets() -> None:
    """What takes twice as long as it may is told as such, and what keeps within it."""
    runs = [
        measured(),
        measured(engine="", contender="reference", seconds=1.5),
        measured(scenario="one new day", seconds=0.4),
        measured(scenario="nothing new", seconds=1.5),
        measured(engine="jvm", seconds=10.0),
        measured(engine="jvm", contender="baseline", seconds=16.0),
        measured(size="10x", seconds=30.0),
    ]
    told = {(v.size, v.engine, v.name): v for v in verdicts(runs, ["1x", "10x"])}
    assert told["1x", "sail", "full load: job / reference"].met is False
    assert told["1x", "sail", "full load: job / reference"].value == 2
    assert told["1x", "sail", "job: one new day / full load"].met
    assert told["1x", "jvm", "full load: baseline / job"].met
    assert told["1x", "sail", "job: seconds when nothing is new"].met is False
    rows = told["10x", "sail", "job: rows per second at 10x / at 1x"]
    assert rows.value == pytest.approx(3 / 453_000 / (30 / 4_503_000))
    assert rows.met


def test_what_did_not_run_is_told_as_not_measured() -> None:
    """Every run and target of a size has its row: nobody takes a gap for a success."""
    told = report.text([measured()], ["1x", "10x"])
    rows = [line for line in told.splitlines() if line.startswith(("| 1x", "| 10x"))]
    full = [line for line in rows if "| full load |" in line]
    assert len(full) == 10
    assert sum("not measured" in line for line in full) == 9
    targets = verdicts([measured()], ["1x", "10x"])
    assert len(targets) == 13
    assert {target.met for target in targets} == {None}


def test_workers_are_reckoned_from_lines_and_batches() -> None:
    """Twice the workers halve the work on lines and not the pauses between batches."""
    runs = [measured(engine="jvm", cpu=10.0), measured(engine="jvm", size="10x", cpu=91.0)]
    assert reckoning.basis(runs) is None
    runs.append(measured(engine="jvm", scenario="one new day", seconds=7.2))
    rests_on = reckoning.basis(runs)
    assert rests_on is not None
    assert rests_on.line == pytest.approx(20e-6)
    assert rests_on.batch == 7.2
    five, ten, _, *others = reckoning.reckon(rests_on)
    batches = 1e12 / (4 * 2**30)
    lines = 1e12 / 446 * 20e-6 / 4 / 3600
    assert five.hours == pytest.approx(lines / 5 + batches * 7.2 / 3600)
    assert ten.hours == pytest.approx(lines / 10 + batches * 7.2 / 3600)
    assert others[0].hours == pytest.approx(lines / 5 + batches / 10 * 7.2 / 3600)
    assert five.dollars == pytest.approx(6 * 0.44 * five.hours)


def test_the_middle_of_several_runs_is_told() -> None:
    """By seconds, with those of all of them."""
    runs = [measured(seconds=seconds, cpu=seconds) for seconds in (3.0, 1.0, 2.0)]
    told = middle(runs)
    assert (told.seconds, told.cpu, told.all_seconds) == (2.0, 2.0, (1.0, 2.0, 3.0))


@pytest.mark.parametrize("name", ["", "x", "0x", "-1x", "10", "1e3x"])
def test_a_size_is_a_number_followed_by_x(name: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ValueError, match="is no size"):
        scale(name)


def test_ten_times_the_size_is_ten_times_the_lines() -> None:
    """1x is what the documents say, and the songs stay as they are above it."""
    assert (scale("1x").recipe.songs, scale("1x").lines) == (3_000, 450_000)
    assert (scale("10x").recipe.songs, scale("10x").lines) == (3_000, 4_500_000)
    assert (scale("0.01x").recipe.songs, scale("0.01x").lines) == (30, 4_500)
