"""Why a job run failed, in words for a person and for a program, and where its log is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.console import log_link
from pipeline.failure_kinds import UNKNOWN, Kind, kind_of
from pipeline.wait import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_glue.type_defs import JobRunTypeDef

    from pipeline.aws import Aws

LOG_LINES = 10
"""Lines of the job's log that a failure shows."""

LOOKED_THROUGH = 100
"""Lines of its errors in which the job's own sentence is looked for; Spark's come after it."""

SENTENCE = re.compile(r"^[A-Z]\w*Error: .+")
"""How the job's own sentence begins."""


@dataclass(frozen=True)
class Failure:
    """A job run that did not succeed."""

    job_run_id: str
    state: str
    headline: str
    """Which run it was, how it ended and why, in one line or a few."""
    reason: str
    kind: Kind
    group: str
    """The log group; the stream is called as the run."""
    lines: tuple[str, ...]
    """The last lines of its log, where it can be read."""
    link: str | None
    """The log's page in the console; None on localaws."""

    def as_text(self) -> str:
        """Return what people read about it, without what to do next."""
        told = [self.headline]
        if self.lines:
            told.append(f"The last lines of {self.group}, stream {self.job_run_id}:")
            told += [f"  {line}" for line in self.lines]
        elif self.link is None:
            told.append(
                f"Its log, of which nothing could be read: {self.group}, stream {self.job_run_id}."
            )
        if self.link is not None:
            told.append(f"Its log: {self.link}")
        return "\n".join(told)

    def as_json(self) -> dict[str, Any]:
        """Return what programs read about it."""
        return {
            "state": self.state,
            "reason": self.reason,
            "kind": self.kind.name,
            "log": {
                "group": self.group,
                "stream": self.job_run_id,
                "url": self.link,
                "lines": list(self.lines),
            },
        }


def why(aws: Aws, job_name: str, run: JobRunTypeDef, log_groups: Mapping[str, str]) -> Failure:
    """Find out why a job run failed; `log_groups` are the stack's, by purpose."""
    state, stream = run["JobRunState"], run["Id"]
    reason = _shown((run.get("ErrorMessage") or run.get("StateDetail") or "").strip())
    named = run.get("LogGroupName") or "/aws-glue/jobs"
    # Under a security configuration Glue writes to groups that the run's own field need not name.
    outputs = [f"{named}/output", log_groups.get("job_output")]
    errors = [f"{named}/error", log_groups.get("job_error")]
    group, lines = _tail(aws, [*outputs, *errors], stream, LOG_LINES)
    kind = kind_of(state, reason)
    if kind is UNKNOWN and (sentence := _sentence(aws, errors, stream)):
        # Of a script that ends itself Glue may say no more than its exit status.
        kind = kind_of(state, sentence)
        reason = sentence if not reason or reason.startswith("SystemExit") else reason
    reason = reason or "Glue gave no reason"
    took = run.get("ExecutionTime")
    after = f" after {duration(took)}" if took is not None else ""
    return Failure(
        job_run_id=stream,
        state=state,
        headline=f"Job run {stream} of {job_name} ended as {state}{after}: {reason}",
        reason=reason,
        kind=kind,
        group=group or named,
        lines=tuple(lines),
        link=log_link(aws, group or log_groups.get("job_error") or f"{named}/error", stream),
    )


def _sentence(aws: Aws, groups: list[str | None], stream: str) -> str | None:
    _, lines = _tail(aws, groups, stream, LOOKED_THROUGH)
    return next((line for line in reversed(lines) if SENTENCE.match(line)), None)


def _tail(
    aws: Aws, groups: list[str | None], stream: str, count: int
) -> tuple[str | None, list[str]]:
    """Read the last lines of the first of the groups in which the stream has any."""
    for group in dict.fromkeys(groups):
        if group is None:
            continue
        try:
            events = aws.logs.get_log_events(
                logGroupName=group, logStreamName=stream, limit=count, startFromHead=False
            )["events"]
        except (ClientError, BotoCoreError):
            # No such stream, or not ours to read: the failure is told without its log.
            continue
        if events:
            lines = [line for event in events for line in event["message"].rstrip().splitlines()]
            return group, [_shown(line) for line in lines[-count:]]
    return None, []


def _shown(text: str) -> str:
    """The text without what a terminal would obey: names of objects are in it, as anybody made."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
