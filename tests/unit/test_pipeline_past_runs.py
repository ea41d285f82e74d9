"""Which runs the report tells of, and by which word."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import past_runs
from pipeline.request import Choice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)
REPORT = {
    "version": 1,
    "files": {"listed": 9, "new": 4, "ingested": 4},
    "records": {"read": 321, "good": 320, "quarantined": 1, "duplicates": 0},
    "reasons": {"ts: missing": 1},
}


class FakeS3:
    """The processing zone: documents of runs, and reports of the job."""

    def __init__(self, client_error: Any) -> None:
        self.client_error = client_error
        self.objects: dict[str, Any] = {}

    def get_object(self, **call: Any) -> dict[str, Any]:
        """Answer with the JSON that lies there."""
        if call["Key"] not in self.objects:
            raise self.client_error("NoSuchKey", 404)
        return {"Body": io.BytesIO(json.dumps(self.objects[call["Key"]]).encode())}

    def get_paginator(self, _: str) -> Any:
        """List what begins with the prefix."""
        contents = [{"Key": key, "LastModified": key} for key in sorted(self.objects)]

        def paginate(**call: Any) -> list[dict[str, Any]]:
            return [
                {"Contents": [one for one in contents if one["Key"].startswith(call["Prefix"])]}
            ]

        return SimpleNamespace(paginate=paginate)


@pytest.fixture
def lake(client_error: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stack with a job, whose runs a test adds."""
    runs: list[dict[str, Any]] = []
    listed = SimpleNamespace(paginate=lambda **_: [{"JobRuns": runs[:2]}, {"JobRuns": runs[2:]}])
    s3 = FakeS3(client_error)
    aws = SimpleNamespace(s3=s3, glue=SimpleNamespace(get_paginator=lambda _: listed))
    outputs = SimpleNamespace(job_name="ingest", bucket_names={"processing-zone": "p"})
    target = SimpleNamespace(name="dev", aws=aws, outputs=outputs)
    monkeypatch.setattr(past_runs, "stack_on_aws", lambda *_: target)
    return SimpleNamespace(runs=runs, objects=s3.objects)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[Any]]:
    """What the pages are made of, the oldest run first."""
    written: list[Any] = []
    monkeypatch.setattr(past_runs, "write_pages", lambda runs, *_: written.extend(runs))

    def report(last: int = 10) -> list[Any]:
        written.clear()
        past_runs.report_on(Choice(stack="dev"), tmp_path, last)
        return written

    return report


def job_run(number: int, state: str, **more: Any) -> dict[str, Any]:
    """A job run as Glue describes it, begun on day `number`."""
    return {
        "Id": f"jr_{number}",
        "JobRunState": state,
        "StartedOn": BEGAN + timedelta(days=number),
        "ExecutionTime": 60,
        **more,
    }


def document(number: int, status: str, **more: Any) -> dict[str, Any]:
    """A document as the pipeline keeps it, of the job run begun on day `number`."""
    started = (BEGAN + timedelta(days=number)).isoformat()
    run = {"run_id": f"r-{number}", "job_run_id": f"jr_{number}", "started": started, "stages": []}
    return run | {"status": status} | more


def test_a_scheduled_run_is_told_with_its_counts(lake: Any, told: Any) -> None:
    """It stands between the others by its time, with the schedule's name."""
    lake.objects["pipeline-runs/r-1.json"] = document(1, "succeeded")
    lake.objects["pipeline-runs/r-3.json"] = document(3, "succeeded")
    lake.objects["reports/jr_2.json"] = REPORT
    lake.runs += [
        job_run(3, "SUCCEEDED", Arguments={"--run_id": "r-3"}),
        job_run(2, "SUCCEEDED", TriggerName="dev-nightly", Arguments={"--task": "ingest"}),
        job_run(1, "SUCCEEDED", Arguments={"--run_id": "r-1"}),
    ]
    runs = told()
    assert [run["run_id"] for run in runs] == ["r-1", "jr_2", "r-3"]
    assert (
        runs[1].items()
        >= {
            "status": "succeeded",
            "started_by": "the schedule (dev-nightly)",
            "records": REPORT["records"],
            "stages": [{"name": "job", "status": "succeeded", "seconds": 60.0}],
        }.items()
    )
    assert [run["run_id"] for run in told(last=2)] == ["jr_2", "r-3"]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("STOPPED", "stopped"),
        ("TIMEOUT", "timed out"),
        ("FAILED", "failed"),
        ("EXPIRED", "failed"),
        ("RUNNING", "under way"),
    ],
)
def test_every_end_of_a_job_run_has_its_word(lake: Any, told: Any, state: str, word: str) -> None:
    """Also of one whose pipeline was interrupted and wrote nothing down."""
    lake.runs.append(job_run(1, state, Arguments={"--run_id": "r-1"}, ErrorMessage="why"))
    [run] = told()
    assert (run["run_id"], run["status"]) == ("r-1", word)
    waited = "" if word == "under way" else ", which did not wait for the end"
    assert run["started_by"] == f"lakehouse run{waited}"
    assert ("error" in run) == (word != "under way")


def test_a_run_id_that_the_job_refuses_names_no_page(lake: Any, told: Any) -> None:
    """Whoever may start the job chooses it, and pages are files."""
    lake.runs.append(job_run(1, "FAILED", Arguments={"--run_id": "../../evil"}))
    assert [run["run_id"] for run in told()] == ["jr_1"]


def test_attempts_are_no_runs_of_their_own(lake: Any, told: Any) -> None:
    """Those of a document, and those of a pipeline that was killed: its newest one counts."""
    lake.objects["pipeline-runs/r-2.json"] = document(
        2, "succeeded", attempts=[{"job_run_id": "jr_1"}, {"job_run_id": "jr_2"}]
    )
    killed = {"Arguments": {"--run_id": "r-9"}}
    lake.runs += [
        job_run(4, "SUCCEEDED", **killed),
        job_run(3, "FAILED", **killed),
        job_run(2, "SUCCEEDED", Arguments={"--run_id": "r-2"}),
        job_run(1, "FAILED", Arguments={"--run_id": "r-2"}),
    ]
    assert [(run["run_id"], run["status"]) for run in told()] == [
        ("r-2", "succeeded"),
        ("r-9", "succeeded"),
    ]


def test_job_runs_that_bring_no_data_are_left_out(lake: Any, told: Any) -> None:
    """Maintenance and dry runs."""
    lake.objects["pipeline-runs/r-3.json"] = document(3, "succeeded")
    lake.runs += [
        job_run(2, "SUCCEEDED", Arguments={"--task": "maintain"}),
        job_run(1, "SUCCEEDED", Arguments={"--dry_run": "true"}),
    ]
    assert [run["run_id"] for run in told()] == ["r-3"]


@pytest.mark.parametrize(
    ("kind", "state", "word"),
    [
        ("PipelineBusyError", "FAILED", "refused"),
        ("RunFailedError", "STOPPED", "stopped"),
        ("RunFailedError", "FAILED", "failed"),
        ("SourceError", None, "failed"),
    ],
)
def test_a_run_that_did_not_succeed_has_the_word_for_it(
    lake: Any, told: Any, kind: str, state: str | None, word: str
) -> None:
    """Exit code 3 was never a failed run, nor was one that somebody stopped."""
    attempts = [] if state is None else [{"job_run_id": "jr_1", "state": state}]
    error = {"type": kind, "message": "m"}
    lake.objects["pipeline-runs/r-1.json"] = document(1, "failed", error=error, attempts=attempts)
    assert [run["status"] for run in told()] == [word]
