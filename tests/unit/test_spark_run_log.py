"""Each line of the job's log names the run."""

from __future__ import annotations

import io

from spark.run_log import RunLog


def test_every_line_begins_with_the_runs_id() -> None:
    """However the lines come: in pieces, several at once, with nothing in them."""
    stream = io.StringIO()
    log = RunLog(stream, "r-1")
    print("batch of", 3, file=log)
    print("one\ntwo", file=log)
    print(file=log)
    print("half", end="", file=log)
    assert stream.getvalue().splitlines() == [
        "run r-1: batch of 3",
        "run r-1: one",
        "run r-1: two",
        "run r-1: ",
    ]
    print(" of it", file=log)
    assert stream.getvalue().endswith("run r-1: half of it\n")
