"""The Glue job's script: reads the arguments, takes the lease, runs the task, leaves the report."""

from __future__ import annotations

import gc
import json
import sys
import traceback
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Any, Protocol

from spark import glue_runs
from spark.arguments import parse
from spark.delta import Bronze
from spark.dry_run import plan
from spark.errors import JobError
from spark.ingest import ingest
from spark.lease import Lease, Writer, hold
from spark.maintain import maintain
from spark.metrics import publish_success
from spark.report import Report
from spark.reprocess import reprocess
from spark.restore import restore
from spark.run_log import RunLog
from spark.session import session
from spark.storage import Storage, client

if TYPE_CHECKING:
    from collections.abc import Callable

    from spark.arguments import Arguments


class TaskReport(Protocol):
    """What a task has to say in the end."""

    def as_json(self) -> dict[str, Any]:
        """The report as the pipeline reads it."""


TASKS: dict[str, Callable[[Bronze, Arguments], TaskReport]] = {
    "ingest": ingest,
    "maintain": maintain,
    "restore": restore,
    "reprocess": reprocess,
}
"""What `--task` names: each works under the lease and gives the run's report."""


def script(argv: list[str]) -> int:
    """Run the job in a process of its own, as Glue does.

    What has been imported stays until the end: a pass of Python's collector over it costs 80 ms.
    """
    gc.freeze()
    return main(argv)


def main(argv: list[str]) -> int:
    """Run the job. A failure with a sentence ends with it on standard error, and status 1."""
    try:
        arguments = parse(argv)
    except JobError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 # Glue shows it
        return 1
    with redirect_stdout(RunLog(sys.stdout, arguments.run_id)):
        return _run(arguments)


def _run(arguments: Arguments) -> int:
    # Glue shows the last line as the run's error: that begins with the kind of failure.
    run = f"(run {arguments.run_id})"
    try:
        storage = Storage(client())
        writer = Writer(
            run_id=arguments.run_id,
            job_name=arguments.job_name,
            job_run_id=arguments.job_run_id,
        )
        lease = Lease(storage, arguments.bronze, writer, has_ended=glue_runs.has_ended)
        # A dry run writes no table, and so may look on while another run does.
        with nullcontext() if arguments.dry_run else hold(lease, arguments.lease_minutes):
            bronze = Bronze(
                spark=session(),
                storage=storage,
                lease=lease,
                root=arguments.bronze,
                run_id=arguments.run_id,
            )
            task = plan if arguments.dry_run else TASKS[arguments.task]
            done = task(bronze, arguments)
            report = {
                "task": arguments.task,
                **done.as_json(),
                "seconds": bronze.steps.as_json(),
            }
            storage.write_json(f"{arguments.processing}/reports/{arguments.run_id}.json", report)
            if isinstance(done, Report):
                done.stop_if_broken()
    except JobError as error:
        print(f"{type(error).__name__}: {error} {run}", file=sys.stderr)  # noqa: T201 # Glue shows it
        return 1
    except Exception as error:  # noqa: BLE001 # an engine's message may quote a record
        frames = "".join(traceback.format_tb(error.__traceback__))
        print(frames, end="", file=RunLog(sys.stderr, arguments.run_id))  # the job's log
        print(f"{_unforeseen(error)} {run}", file=sys.stderr)  # noqa: T201 # Glue shows it
        return 1
    # Freshness is what the metric is about: care of the tables brings no new data.
    brings_data = arguments.task == "ingest" and not arguments.dry_run
    if arguments.metrics_namespace and brings_data:
        publish_success(arguments.metrics_namespace, arguments.job_name)
    print(f"report {json.dumps(report, sort_keys=True)}")  # noqa: T201 # the job's log
    return 0


def _unforeseen(error: Exception) -> str:
    """What kind of error it is, without its message.

    Engines quote values in theirs, and values are personal data.
    """
    return (
        f"{type(error).__name__}: the job met something unforeseen, told here without the "
        f"message, which could quote a record. Run again; what was begun is finished first."
    )


if __name__ == "__main__":
    status = script(sys.argv[1:])
    if status:
        sys.exit(status)
