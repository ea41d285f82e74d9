"""Job runs that brought data and that no pipeline waited for: scheduled ones, and abandoned ones.

What is known of them is what Glue keeps of a job run, and the report that the job left.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipeline import intake_report
from pipeline.active_run import INGEST, REPROCESS, RUN_ID_ARGUMENT, TASK_ARGUMENT, UNDER_WAY
from pipeline.errors import RunFailedError
from pipeline.history import READERS
from pipeline.task import job_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_glue.type_defs import JobRunTypeDef

    from pipeline.target import Target

ENDS = {"SUCCEEDED": "succeeded", "STOPPED": "stopped", "TIMEOUT": "timed out"}
"""How people call the ends of a job run; every other one is a failure."""

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What the job takes for a run's id."""

ABANDONED = "lakehouse run, which did not wait for the end"


def unwatched(target: Target, known: Iterable[dict[str, Any]], last: int) -> list[dict[str, Any]]:
    """Describe the newest `last` job runs that no document in `known` tells of, newest first."""
    told = {
        one["job_run_id"]
        for run in known
        for one in [run, *run.get("attempts", [])]
        if "job_run_id" in one
    }
    pages = target.aws.glue.get_paginator("get_job_runs").paginate(JobName=target.outputs.job_name)
    found = (run for page in pages for run in page["JobRuns"])
    chosen = list(islice(_newest_of_each(found, told), last))
    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(lambda run: _document(target, run), chosen))


def _newest_of_each(found: Iterable[JobRunTypeDef], told: set[str]) -> Iterator[JobRunTypeDef]:
    """Leave out what is told of, what brings no data, and earlier attempts of the same run."""
    seen: set[str] = set()
    for run in found:
        arguments = run.get("Arguments", {})
        brings = arguments.get(TASK_ARGUMENT, INGEST) in {INGEST, REPROCESS}
        if run["Id"] in told or not brings or arguments.get("--dry_run") == "true":
            continue
        run_id = _run_id(run)
        if run_id not in seen:
            seen.add(run_id)
            yield run


def _run_id(run: JobRunTypeDef) -> str:
    """The run's id, and the job run's in the place of a bad one: pages are named after it."""
    given = run.get("Arguments", {}).get(RUN_ID_ARGUMENT, "")
    return given if RUN_ID.fullmatch(given) else run["Id"]


def _document(target: Target, run: JobRunTypeDef) -> dict[str, Any]:
    state = run["JobRunState"]
    status = "under way" if state in UNDER_WAY else ENDS.get(state, "failed")
    trigger = run.get("TriggerName")
    by = "lakehouse run" if status == "under way" else ABANDONED
    seconds = float(run.get("ExecutionTime", 0))
    document: dict[str, Any] = {
        "run_id": _run_id(run),
        "job_run_id": run["Id"],
        "status": status,
        "started": run["StartedOn"].astimezone(UTC).isoformat(timespec="seconds"),
        "started_by": f"the schedule ({trigger})" if trigger else by,
        "stages": [{"name": "job", "status": status, "seconds": seconds}],
    }
    if status not in {"succeeded", "under way"}:
        why = run.get("ErrorMessage") or "Glue gave no reason"
        message = f"Job run {run['Id']} ended as {state}: {why}"
        document["error"] = {"type": "JobRun", "message": message}
    try:
        report = job_report(target, document["run_id"]) if status == "succeeded" else {}
    except RunFailedError:
        report = {}  # maintenance has deleted it, or another release of the job wrote it
    kept = ("files", "records", *intake_report.KEYS)
    return document | {key: report[key] for key in kept if key in report}
