"""The job's arguments: Glue's own are passed over, wrong ones are named."""

from __future__ import annotations

import pytest

from spark.arguments import TASKS, parse
from spark.errors import ArgumentError
from spark.job import TASKS as TASK_FUNCTIONS

ZONES = [
    "--landing",
    "s3://landing-1",
    "--bronze",
    "s3://bronze-1",
    "--processing",
    "s3://work-1/x",
]


def test_glue_arguments_are_passed_over_and_the_run_id_falls_back_to_glues() -> None:
    """Without --run_id the job run's own id is the run's."""
    glue = ["--JOB_NAME", "job", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://t/", "--enable-metrics"]
    arguments = parse([*glue, *ZONES])
    assert (arguments.run_id, arguments.job_name, arguments.task) == ("jr_1", "job", "ingest")
    assert arguments.max_files == 10_000


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (ZONES[2:], "--landing"),
        (["--landing", "s3://l-1/", *ZONES[2:]], "--landing"),
        ([*ZONES, "--task", "everything"], "--task"),
        ([*ZONES, "--max_files", "0"], "--max_files"),
        ([*ZONES, "--run_id", "r", "--task", "restore"], "needs --restore_run"),
        ([*ZONES, "--retention_hours", "-1"], "--retention_hours"),
        ([*ZONES, "--run_id", "../x"], "run needs an id"),
        (ZONES, "run needs an id"),
        ([*ZONES, "--run_id", "r", "--accept", "s3://elsewhere/x"], "elsewhere"),
        ([*ZONES, "--run_id", "r", "--accept", "[1]"], "--accept"),
        ([*ZONES, "--max_quarantined_fraction", "1.5"], "--max_quarantined_fraction"),
    ],
)
def test_a_wrong_argument_is_named(argv: list[str], named: str) -> None:
    """The sentence says which argument is wrong."""
    with pytest.raises(ArgumentError, match=named):
        parse(argv)


def test_accepted_paths_travel_alone_repeated_or_as_a_list() -> None:
    """Keys and whole paths name the same objects, brackets included; each is accepted once."""
    paths = ["--accept", '["log-data/[1].json", "s3://landing-1/a b.json"]', "--accept", "x.json"]
    arguments = parse([*ZONES, "--run_id", "r", *paths, "--accept", "s3://landing-1/x.json"])
    whole = ("s3://landing-1/log-data/[1].json", "s3://landing-1/a b.json", "s3://landing-1/x.json")
    assert arguments.accept == whole


def test_every_task_that_may_be_named_has_its_function() -> None:
    """An argument that is accepted cannot fail for want of what it names."""
    assert set(TASKS) == set(TASK_FUNCTIONS)
