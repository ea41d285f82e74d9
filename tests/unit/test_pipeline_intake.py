"""What `lakehouse run` tells the job about its input, and what it refuses to."""

from __future__ import annotations

import pytest

from pipeline.errors import UsageError
from pipeline.intake import AS_EVER, Intake
from pipeline.plan_report import print_plan


@pytest.mark.parametrize(
    ("intake", "arguments"),
    [
        (AS_EVER, {}),
        (Intake(accept=("a b", "[1]")), {"--accept": '["a b", "[1]"]'}),
        (Intake(max_quarantined_fraction=0.0), {"--max_quarantined_fraction": "0.0"}),
        (Intake(reprocess="log-data/"), {"--task": "reprocess", "--reprocess": "log-data/"}),
        (Intake(requeue=True), {"--task": "reprocess", "--requeue": "true"}),
        (Intake(dry_run=True), {"--dry_run": "true"}),
        (
            Intake(requeue=True, dry_run=True),
            {"--task": "reprocess", "--requeue": "true", "--dry_run": "true"},
        ),
    ],
)
def test_each_option_becomes_the_arguments_of_the_job(
    intake: Intake, arguments: dict[str, str]
) -> None:
    """Without any, the job's default arguments hold."""
    assert intake.arguments() == arguments


def test_options_that_exclude_each_other_are_refused() -> None:
    """Before anything is started."""
    with pytest.raises(UsageError):
        Intake(reprocess="x", requeue=True)


def test_a_plan_is_a_row_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    """What would be sent, read and finished, and that nothing was."""
    counts = {"listed": 1200, "new": 3, "changed": 1, "again": 0, "released": 0, "too_large": 0}
    print_plan(
        {
            "upload": {"found": 5, "to_send": 2},
            "sources": {"songs": {**counts, "bytes": 2048}},
            "open_batches": 1,
        }
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "upload: 2 of 5 files would be sent"
    assert lines[2].split() == ["songs", "1,200", "3", "1", "0", "0", "0", "2.0", "KB"]
    assert lines[3:] == [
        "batches of earlier runs that would be finished first: 1",
        "no table was changed",
    ]
