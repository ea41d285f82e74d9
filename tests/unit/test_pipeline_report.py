"""What people see: stages as they run, and the report at the end."""

from __future__ import annotations

import io
from typing import Any

import pytest

from pipeline.errors import StoppedError
from pipeline.intake_report import lines
from pipeline.progress import LiveDisplay, PlainDisplay, Stages, display_for
from pipeline.report import print_rows, print_run

DOCUMENT: dict[str, Any] = {
    "run_id": "r-1",
    "tables": {
        "songs": {"rows": 12345, "files": 2, "version": 7, "location": "s3://b/songs/"},
        "users": {"rows": 9, "files": 1, "version": 1, "location": "s3://b/users/"},
    },
    "files": {"listed": 3, "new": 1, "ingested": 1, "passed_over": 2},
    "records": {"read": 4000, "good": 3990, "quarantined": 10, "duplicates": 0},
    "reasons": {"not_json": 10},
    "query": {
        "sql": "SELECT [bold]x[/bold]",
        "columns": ["artist_name", "n"],
        "rows": [["O'Hara :smile: [red]", 1], [None, 2], ["a\x1b[31mb", 3]] * 5,
        "row_count": 1234,
    },
    "stages": [{"name": "job", "status": "succeeded", "seconds": 2.5}],
}


def test_the_report_is_plain_columns_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """No colour, no lines, nothing cut, ten rows of the query."""
    print_run(DOCUMENT)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split() == ["table", "rows", "files", "version"]
    assert lines[1].split() == ["songs", "12,345", "2", "7"]
    assert "files: 3 listed, 1 new, 1 ingested, 2 passed over" in lines
    assert "records: 4,000 read, 3,990 good, 10 quarantined, 0 duplicates" in lines
    assert "quarantined because: 10 not_json" in lines
    assert "10 of 1,234 rows" in lines
    assert "run r-1: 2.5 s (job 2.5 s)" in lines


def test_what_waits_for_somebody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Held and failed objects with their reasons, and what to do about them."""
    held = {"path": "s3://l/log-data/[1].json", "read": 4, "quarantined": 3, "error": "3 of 4"}
    failure = {"path": "s3://l/log-data/2.json.gz", "error": "EOFError", "attempts": 5}
    waits = {"held": [held], "failures": [failure | {"parked": True}], "released": ["s3://l/x"]}
    print_run(DOCUMENT | waits)
    lines = capsys.readouterr().out.splitlines()
    assert "held: s3://l/log-data/[1].json: 3 of 4" in lines
    assert "failed: s3://l/log-data/2.json.gz: EOFError (parked)" in lines
    assert "released: s3://l/x" in lines
    assert any("release with `lakehouse run --accept PATH`" in line for line in lines)


def test_of_many_that_wait_all_are_counted() -> None:
    """The job lists the first of them only, and tells how many there are."""
    held = [{"path": "s3://l/1.json", "error": "bad"}]
    failures = [{"path": "s3://l/2.json", "error": "cut", "parked": False}]
    told = lines({"open": {"held": 1200, "failed": 3400}, "held": held, "failures": failures})
    assert told[1].startswith("1,200 objects held")
    assert told[-1] == "3,400 objects could not be read"
    assert lines({"held": held})[1].startswith("1 object held")


def test_objects_that_no_table_has_are_told() -> None:
    """In a run's report and in a dry run's plan: nobody waits for them unknowing."""
    passed = "passed over in the sources' folders, for their names are no input's: 2."
    assert lines({"files": {"passed_over": 2, "changed": 0}})[0].startswith(passed)
    assert lines({"passed_over": 2, "sources": {}})[0].startswith(passed)
    [told] = lines({"files": {"passed_over": 0, "changed": 1}})
    assert told.startswith("overwritten or deleted while the job ran: 1.")
    assert lines({"files": {"passed_over": 0, "changed": 0}}) == []
    [told] = lines({"dropped_runs": ["r-7"]})
    assert told.startswith("dropped: what run r-7 read again")
    assert told.endswith("run that reprocess again.")


def test_what_comes_from_the_quarantine_is_told_and_what_cannot() -> None:
    """In a run's report and in a plan: how many records, and why others stay away."""
    lost = {"removed": 2, "altered": 1, "elsewhere": 0}
    done = {"gone": 3, "lost": lost, "from_quarantine": {"versions": 2, "taken": 1700}}
    gone, taken, *never = lines(done)
    assert gone == "3 object versions to requeue are not in the landing zone any more."
    assert taken.endswith(
        ": 1,700 of their records were taken into the tables (2 object versions)."
    )
    assert [line.partition(" records: ")[0] for line in never] == [
        "cannot come back: 2",
        "cannot come back: 1",
    ]
    assert "by its retention or by hand" in never[0]
    plan = {"gone": 1, "lost": {}, "from_quarantine": {"versions": 1, "records": 5}}
    assert lines(plan)[1] == (
        "from the quarantine's text: 5 of their records would be read (1 object versions)."
    )
    assert lines({"gone": 0, "lost": {}, "from_quarantine": {"versions": 0, "taken": 0}}) == []


def test_attempts_are_told_where_there_were_several(capsys: pytest.CaptureFixture[str]) -> None:
    """And that the counts are those of the last one."""
    killed = {"attempt": 1, "of": 3, "job_run_id": "jr_0", "state": "FAILED", "kind": "killed"}
    good = {"attempt": 2, "of": 3, "job_run_id": "jr_1", "state": "SUCCEEDED"}
    print_run(DOCUMENT | {"attempts": [killed | {"reason": "SIGKILL"}, good]})
    lines = capsys.readouterr().out.splitlines()
    assert "attempt 1 of 3: job run jr_0 FAILED (killed): SIGKILL" in lines
    assert "attempt 2 of 3: job run jr_1 SUCCEEDED" in lines
    assert any(line.startswith("counts are the last attempt's") for line in lines)
    print_run(DOCUMENT | {"attempts": [good]})
    assert "attempt" not in capsys.readouterr().out


def test_values_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets and colons are no markup, control characters are written out, null is a dash."""
    print_run(DOCUMENT)
    out = capsys.readouterr().out
    assert "SELECT [bold]x[/bold]" in out
    assert "O'Hara :smile: [red]" in out
    assert "\x1b" not in out
    assert r"a\x1b[31mb" in out


def test_an_unread_rest_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Where rows were not counted, the user learns how to see more."""
    print_rows(["a"], [[1], [2]], None)
    assert "the first 2 rows; --max-rows shows more" in capsys.readouterr().out


def test_stages_are_timed_and_written_as_lines_to_a_log(clock: Any) -> None:
    """One line when a stage begins, one when it ends, notes in between."""
    stream = io.StringIO()
    stages = Stages(display_for(stream), clock)
    with stages.stage("upload") as stage:
        stages.display.note("song_data/ lands as song-data/.")
        stages.display.doing("sending files", 1, 3)
        clock.sleep(2)
        stage.summary = "3 files sent"
    assert stream.getvalue().splitlines() == [
        "upload ...",
        "  note: song_data/ lands as song-data/.",
        "upload    done       2.0 s  3 files sent",
    ]
    assert stages.done[0].as_json() == {"name": "upload", "status": "succeeded", "seconds": 2.0}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError(), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (StoppedError(), "interrupted"),
    ],
)
def test_a_stage_that_did_not_end_well_says_so(
    clock: Any, error: BaseException, status: str
) -> None:
    """The error goes on to the caller; failing and being interrupted are told apart."""
    stages = Stages(PlainDisplay(told := io.StringIO()), clock)
    with pytest.raises(type(error)), stages.stage("job"):
        raise error
    assert stages.done[0].status == status
    word = "FAILED" if status == "failed" else status
    assert told.getvalue().splitlines()[-1].split()[:2] == ["job", word]


def test_a_log_file_tells_every_ten_seconds_how_far_a_stage_is(clock: Any) -> None:
    """However often it is called, and however long one thing takes."""
    display = PlainDisplay(log := io.StringIO(), clock)
    display.begin("up")
    for done in range(36):
        display.doing(f"table-{done}", done)
        clock.sleep(1)
    for _ in range(30):
        display.doing("the-last", 36, 40)
        clock.sleep(1)
    display.begin("job")
    display.doing("starting")
    clock.sleep(11)
    display.doing("running")
    assert log.getvalue().splitlines() == [
        "up ...",
        "  10 done, now table-10",
        "  20 done, now table-20",
        "  30 done, now table-30",
        "  36 of 40 done, now the-last",
        "job ...",
        "  now running",
    ]


def test_the_moving_display_leaves_one_line_per_stage(
    clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal the same lines stay on the screen."""
    stages = Stages(LiveDisplay(), clock)
    for name in ("upload", "job"):
        with stages.stage(name) as stage:
            stages.display.doing("sending [files]", 1, 3)
            stages.display.note("a [note]")
            stage.summary = "all"
    err = capsys.readouterr().err
    assert err.count("  note: a [note]") == 2
    assert [line.split()[:2] for line in err.splitlines() if " done " in line] == [
        ["upload", "done"],
        ["job", "done"],
    ]
