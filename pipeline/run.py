"""The pipeline: provision (locally), upload, job, crawler, checks, query.

Every stage writes what it learned into one document as soon as it knows, so that a run that fails
half way still says how far it came. The code is the same for AWS and for this machine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeline import intake_report, local
from pipeline.active_run import INGEST, REPROCESS, active
from pipeline.athena import named_query, run_query
from pipeline.attempts import run_job
from pipeline.checks import check
from pipeline.cost import Usage, estimate
from pipeline.crawler import crawl
from pipeline.errors import PipelineBusyError, RunFailedError, StoppedError, UsageError
from pipeline.history import remembered
from pipeline.intake import AS_EVER, Intake
from pipeline.progress import Stages
from pipeline.request import RETRIES
from pipeline.source import Fingerprint, Source, SourceFile, fingerprint, scan
from pipeline.task import job_report, open_target
from pipeline.upload import Landing, upload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.progress import Display
    from pipeline.request import Choice
    from pipeline.target import Target
    from pipeline.wait import Clock

QUERY_NAME = "artists-and-songs"
"""The named query that ends a run."""

QUERY_ROWS = 100
"""Rows of the query's result that a run's document keeps; all of them are counted."""

HASHING_THREADS = 4
"""Files that are hashed at a time."""


def run_pipeline(
    choice: Choice,
    source_folder: Path | None,
    document: dict[str, Any],
    display: Display,
    clock: Clock,
    *,
    attach: bool = False,
    intake: Intake = AS_EVER,
    retries: int = RETRIES,
) -> None:
    """Run every stage and fill `document`, which the design calls the run's JSON.

    Args:
        choice: where to run.
        source_folder: JSON files to upload first; None works on what has landed already.
        document: holds the `run_id`; filled as the run goes, also when it fails.
        display: shows the stages.
        clock: see `pipeline.wait.Clock`.
        attach: take on the job run that is under way instead of starting one; the document's
            `run_id` becomes that run's.
        intake: what the job is told about its input.
        retries: how often a job run that failed of what may pass is repeated.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    if choice.local and choice.state is None and source_folder is None:
        raise UsageError(
            "There is nothing to run on: pass --source DIR with JSON files, --state DIR of an "
            "earlier local run, or both. `lakehouse sample DIR` makes a source folder."
        )
    attempt: str = document["run_id"]
    stages = Stages(display, clock)
    document["target"] = choice.stack or local.STACK
    document["started"] = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with ExitStack() as open_things:
            source = None if source_folder is None else scan(source_folder)
            hashes = _hash(source.files if source else [], open_things)
            target = open_target(choice, stages, open_things)
            open_things.enter_context(remembered(target, stages, document))
            if source is not None:
                _upload(target, source, hashes, stages, document)
            attached = _attach(target, document) if attach else None
            report, usage = _job(
                target, stages, document, attached=attached, intake=intake, retries=retries
            )
            _crawler(target, stages)
            scanned = _checks(target, attempt, report, stages, document)
            _query(target, attempt, stages, document)
            if choice.stack is not None:
                scans = (scanned, document["query"]["bytes_scanned"])
                document["cost"] = estimate(usage, scans)
    except StoppedError as error:
        if not choice.local:
            raise
        raise StoppedError(
            "Stopped, and the local stack with it. No input is lost: what the job did not finish, "
            "the next run with the same --state does."
        ) from error
    finally:
        document["stages"] = [stage.as_json() for stage in stages.done]


def _hash(files: list[SourceFile], open_things: ExitStack) -> Iterator[Fingerprint]:
    """Begin to hash the files; that goes on while the target is being opened."""
    threads = ThreadPoolExecutor(max_workers=HASHING_THREADS)
    open_things.callback(threads.shutdown, cancel_futures=True)
    return threads.map(fingerprint, files)


def _upload(
    target: Target,
    source: Source,
    hashes: Iterator[Fingerprint],
    stages: Stages,
    document: dict[str, Any],
) -> None:
    with stages.stage("upload") as stage:
        for note in source.notes:
            stages.display.note(note)
        stages.display.doing("comparing with what is there")
        outputs = target.outputs
        result = upload(
            target.aws.s3,
            Landing(outputs.landing_bucket, outputs.bucket_names["processing-zone"]),
            source.files,
            dict(zip((file.key for file in source.files), hashes, strict=True)),
            lambda done, total: stages.display.doing("sending files", done, total),
            run_id=document["run_id"],
        )
        for note in result.notes:
            stages.display.note(note)
        document["upload"] = {
            "found": len(source.files),
            "uploaded": result.uploaded,
            "unchanged": result.unchanged,
        }
        stage.summary = f"{result.uploaded:,} files sent, {result.unchanged:,} unchanged"


def _attach(target: Target, document: dict[str, Any]) -> str:
    """Find the run that is under way and make it this one; its job run id."""
    name = target.outputs.job_name
    found = active(target.aws, name)
    if found is None:
        raise RunFailedError(
            f"There is nothing to attach to: no run of the job {name} is under way. Run without "
            "--attach; what an earlier run did not finish, that one does."
        )
    if found.task not in {INGEST, REPROCESS}:
        raise PipelineBusyError(
            f"The job {name} is held by {found}, which brings nothing to query. Wait for its end "
            "and run again."
        )
    document["run_id"] = found.run_id
    return found.job_run_id


def _job(
    target: Target,
    stages: Stages,
    document: dict[str, Any],
    *,
    attached: str | None,
    intake: Intake,
    retries: int,
) -> tuple[dict[str, Any], Usage]:
    """Run the job, or wait for the run `attached` to; the job's report, and what the run used."""
    run_id: str = document["run_id"]
    with stages.stage("job") as stage:
        done = run_job(
            target.aws,
            target.outputs.job_name,
            run_id,
            stages,
            document,
            arguments=intake.arguments(),
            log_groups=target.outputs.log_groups,
            retries=retries,
            attached=attached,
        )
        report = job_report(target, run_id)
        document["files"] = report["files"]
        document["records"] = report["records"]
        document["reasons"] = {}
        document.update({key: report[key] for key in intake_report.KEYS if key in report})
        stage.summary = (
            f"{report['files']['new']:,} new files, {report['records']['read']:,} records"
            f"{f' ({done.attempts} attempts)' if done.attempts > 1 else ''}"
        )
        return report, done.usage


def _crawler(target: Target, stages: Stages) -> None:
    with stages.stage("crawler") as stage:
        crawl(
            target.aws,
            target.outputs.crawler_name,
            stages.clock,
            lambda state: stages.display.doing(state.lower()),
        )
        stage.summary = f"tables registered in {target.outputs.database_name}"


def _checks(
    target: Target,
    attempt: str,
    report: dict[str, Any],
    stages: Stages,
    document: dict[str, Any],
) -> int:
    """Check the run and put its tables into the document; returns the bytes that this scanned."""
    with stages.stage("checks") as stage:
        stages.display.doing("comparing catalog, tables and ledger")
        checked = check(target, attempt, report, stages.clock)
        tables = checked.tables
        document["tables"] = {name: table.as_json() for name, table in tables.items()}
        rows = sum(table.rows for table in tables.values())
        stage.summary = f"{len(tables)} tables, {rows:,} rows: catalog, Delta and ledger agree"
        return checked.bytes_scanned


def _query(target: Target, attempt: str, stages: Stages, document: dict[str, Any]) -> None:
    with stages.stage("query") as stage:
        outputs = target.outputs
        stages.display.doing(QUERY_NAME)
        query = named_query(target.aws, outputs.workgroup_name, QUERY_NAME)
        result = run_query(
            target.aws,
            outputs.workgroup_name,
            query.database,
            query.sql,
            token=attempt,
            clock=stages.clock,
            max_rows=QUERY_ROWS,
            count_all=True,
            run_id=document["run_id"],
        )
        document["query"] = result.as_json()
        stage.summary = f"{result.row_count:,} rows"
