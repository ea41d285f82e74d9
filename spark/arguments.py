"""The job's arguments, as Glue hands them over: `--name value`, with Glue's own among them.

Glue adds arguments of its own (JOB_NAME, JOB_RUN_ID, TempDir and more: AWS Glue, "Job parameters");
those that the job has no use for are passed over.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from spark.errors import ArgumentError
from spark.hold import DEFAULT_MAX_QUARANTINED_FRACTION
from spark.lease import MIN_MINUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

TASKS = ("ingest", "maintain", "restore", "reprocess")
SAFE_RETENTION_HOURS = 7 * 24
"""Files that the newest version has done without for so long may go, without anybody's leave."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_ZONE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_=.-]+)*")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What one run is asked to do. Zones are `s3://bucket[/folder]`, without a trailing slash."""

    task: str
    run_id: str
    job_name: str
    job_run_id: str
    landing: str
    bronze: str
    processing: str
    max_files: int
    max_bytes: int
    lease_minutes: int
    metrics_namespace: str = ""
    max_object_bytes: int
    """A larger object is refused instead of read: one partition reads an object from end to end."""
    max_quarantined_fraction: float = DEFAULT_MAX_QUARANTINED_FRACTION
    accept: tuple[str, ...] = ()
    """Paths whose held versions go into the tables."""
    reprocess_prefix: str = ""
    reprocess_since: datetime | None = None
    requeue: bool = False
    """What is read again: objects under a prefix, or since a time, or with records to requeue."""
    dry_run: bool = False
    retention_hours: int = SAFE_RETENTION_HOURS
    report_days: int = 90
    quarantine_days: int = 0
    """For how long quarantined records are kept; 0 for ever."""
    restore_run: str = ""
    and_later: bool = False


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing a usage text and leaving: nobody types at a Glue job."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentError(
            f"The job's arguments are wrong: {message}. See the default arguments of the Glue job."
        )


def parse(argv: Sequence[str]) -> Arguments:
    """Read the arguments that follow the script's name.

    Raises ArgumentError, naming the argument, when one is missing or is not what it must be.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--task", choices=TASKS, default="ingest")
    parser.add_argument("--run_id", default="")
    parser.add_argument("--JOB_NAME", default="")
    parser.add_argument("--JOB_RUN_ID", default="")
    parser.add_argument("--landing", type=_zone, required=True)
    parser.add_argument("--bronze", type=_zone, required=True)
    parser.add_argument("--processing", type=_zone, required=True)
    parser.add_argument("--max_files", type=_at_least_one, default=10_000)
    parser.add_argument("--max_bytes", type=_at_least_one, default=4 * 1024**3)
    parser.add_argument("--max_object_bytes", type=_at_least_one)
    parser.add_argument(
        "--max_quarantined_fraction", type=_fraction, default=DEFAULT_MAX_QUARANTINED_FRACTION
    )
    parser.add_argument("--accept", action="append", default=[])
    parser.add_argument("--reprocess", default="")
    parser.add_argument("--requeue", choices=("true", "false"), default="false")
    parser.add_argument("--dry_run", choices=("true", "false"), default="false")
    parser.add_argument("--lease_minutes", type=_lease_minutes, default=150)
    parser.add_argument("--metrics_namespace", default="")
    parser.add_argument("--retention_hours", type=_whole, default=SAFE_RETENTION_HOURS)
    parser.add_argument("--report_days", type=_at_least_one, default=90)
    parser.add_argument("--quarantine_days", type=_whole, default=0)
    parser.add_argument("--restore_run", default="")
    parser.add_argument("--and_later", choices=("true", "false"), default="false")
    parser.add_argument("--allow_short_retention", choices=("true", "false"), default="false")
    known, _ = parser.parse_known_args(list(argv))
    run_id = known.run_id or known.JOB_RUN_ID
    if not _RUN_ID.fullmatch(run_id):
        raise ArgumentError(
            f"The run needs an id of letters, digits, '_', '.' and '-', at most 100 of them, "
            f"and got {run_id!r}. Pass --run_id, or let Glue pass --JOB_RUN_ID."
        )
    if known.task == "restore" and not known.restore_run:
        raise ArgumentError(
            "--task restore needs --restore_run, the id of the run that is to be undone."
        )
    if known.retention_hours < SAFE_RETENTION_HOURS and known.allow_short_retention != "true":
        raise ArgumentError(
            f"--retention_hours {known.retention_hours} is less than {SAFE_RETENTION_HOURS} "
            f"(7 days): a query that is still reading an older version would lose its files, and "
            f"no table could be restored or read as it was before then. If nobody needs that, pass "
            f"--allow_short_retention true as well."
        )
    return Arguments(
        task=known.task,
        run_id=run_id,
        job_name=known.JOB_NAME,
        job_run_id=known.JOB_RUN_ID,
        landing=known.landing,
        bronze=known.bronze,
        processing=known.processing,
        max_files=known.max_files,
        max_bytes=known.max_bytes,
        lease_minutes=known.lease_minutes,
        metrics_namespace=known.metrics_namespace,
        max_object_bytes=known.max_object_bytes or known.max_bytes,
        max_quarantined_fraction=known.max_quarantined_fraction,
        accept=_paths(known.accept, known.landing),
        dry_run=_dry_run(known.task, known.dry_run == "true"),
        **_again(known.task, known.reprocess, known.requeue == "true", known.landing),
        retention_hours=known.retention_hours,
        report_days=known.report_days,
        quarantine_days=known.quarantine_days,
        restore_run=known.restore_run,
        and_later=known.and_later == "true",
    )


def _zone(text: str) -> str:
    if not _ZONE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form s3://bucket[/folder]")
    return text


def _fraction(text: str) -> float:
    try:
        fraction = float(text)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return fraction


def _paths(values: Sequence[str], landing: str) -> tuple[str, ...]:
    """Paths of landing objects, given whole or as keys; a value may be a JSON list of them.

    Glue hands over one value a name, so that several paths have to travel in one.
    """
    paths: list[str] = []
    for value in values:
        try:
            several = json.loads(value) if value.startswith("[") else [value]
        except ValueError:
            several = None
        if not isinstance(several, list) or not all(isinstance(path, str) for path in several):
            raise ArgumentError(f"--accept {value!r} is neither a path nor a JSON list of paths.")
        paths += several
    return tuple(dict.fromkeys(under_landing(path, landing) for path in paths))


def _dry_run(task: str, asked: bool) -> bool:
    if asked and task not in {"ingest", "reprocess"}:
        raise ArgumentError(
            f"--dry_run is about --task ingest and --task reprocess, and the task is {task}."
        )
    return asked


def _again(task: str, text: str, requeue: bool, landing: str) -> dict[str, Any]:
    """What the reprocess task reads: `--reprocess PREFIX`, `--reprocess TIME` or `--requeue`."""
    if (task == "reprocess") != (bool(text) or requeue) or (text and requeue):
        raise ArgumentError(
            "--task reprocess needs either --reprocess, with a prefix or an ISO time, or --requeue "
            "true, and no other task takes these."
        )
    if not _DATE.match(text):
        prefix = under_landing(text, landing) if text else ""
        return {"reprocess_prefix": prefix, "requeue": requeue}
    try:
        since = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentError(f"--reprocess {text!r} is no ISO time: {error}.") from error
    return {"reprocess_since": since if since.tzinfo else since.replace(tzinfo=UTC)}


def under_landing(path: str, landing: str) -> str:
    """The `s3://` path of what is named by its path or by its key in the landing zone."""
    whole = path if path.startswith("s3://") else f"{landing}/{path}"
    if not whole.startswith(f"{landing}/"):
        raise ArgumentError(f"{path!r} does not lie in the landing zone {landing}.")
    return whole


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _lease_minutes(text: str) -> int:
    if not text.isdecimal() or int(text) < MIN_MINUTES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {MIN_MINUTES}")
    return int(text)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
