"""`lakehouse run --dry-run`: what would be sent and ingested; nothing is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pipeline import local
from pipeline.attempts import run_job
from pipeline.request import RETRIES
from pipeline.source import fingerprint, scan
from pipeline.task import job_report, open_target
from pipeline.upload import Landing, compare

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.intake import Intake
    from pipeline.progress import Stages
    from pipeline.request import Choice
    from pipeline.target import Target


def plan_run(
    choice: Choice,
    source_folder: Path | None,
    intake: Intake,
    document: dict[str, Any],
    stages: Stages,
    *,
    retries: int = RETRIES,
) -> None:
    """Fill `document` with what a run would send, and what it would ingest of what has landed.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    run_id: str = document["run_id"]
    document["target"] = choice.stack or local.STACK
    if choice.local:
        local.require_state(choice.state)
    try:
        with ExitStack() as open_things:
            target = open_target(choice, stages, open_things)
            if source_folder is not None:
                _compare(target, source_folder, stages, document)
            with stages.stage("job") as stage:
                run_job(
                    target.aws,
                    target.outputs.job_name,
                    run_id,
                    stages,
                    document,
                    arguments=intake.arguments(),
                    log_groups=target.outputs.log_groups,
                    retries=retries,
                )
                report = job_report(target, run_id)
                document.update({key: report[key] for key in report.keys() - {"version"}})
                new = sum(counts["new"] for counts in report["sources"].values())
                stage.summary = f"{new:,} new files"
        document["status"] = "succeeded"
    finally:
        document["stages"] = [stage.as_json() for stage in stages.done]


def _compare(target: Target, source_folder: Path, stages: Stages, document: dict[str, Any]) -> None:
    with stages.stage("compare") as stage:
        files = scan(source_folder).files
        outputs = target.outputs
        landing = Landing(outputs.landing_bucket, outputs.bucket_names["processing-zone"])
        hashes = {file.key: fingerprint(file) for file in files}
        missing = compare(target.aws.s3, landing, files, hashes)
        document["upload"] = {"found": len(files), "to_send": len(missing)}
        stage.summary = f"{len(missing):,} files to send"
