"""A job run that failed is repeated under the same run id, where that may help."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import attempts
from pipeline.errors import PipelineBusyError, RunFailedError
from pipeline.progress import PlainDisplay, Stages
from tests.unit.job_fakes import FakeAws

if TYPE_CHECKING:
    from collections.abc import Callable

KILLED = {"ErrorMessage": "The job's process was ended by signal SIGKILL"}
THROTTLED = {"ErrorMessage": "Error Category: THROTTLING_ERROR; Rate exceeded"}


@pytest.fixture
def aws(client_error: Any) -> Any:
    """One account for one test."""
    return FakeAws(client_error)


@pytest.fixture
def shown() -> io.StringIO:
    """What people see."""
    return io.StringIO()


@pytest.fixture
def document() -> dict[str, Any]:
    """The run's document."""
    return {}


@pytest.fixture
def run(
    aws: Any, clock: Any, shown: io.StringIO, document: dict[str, Any]
) -> Callable[..., attempts.JobRun]:
    """Run the job as the pipeline does."""
    stages = Stages(PlainDisplay(shown, clock), clock)
    return lambda **options: attempts.run_job(aws, "ingest", "mine", stages, document, **options)


def run_ids(aws: Any) -> list[str]:
    """The run ids of all job runs, the oldest first."""
    return [run["Arguments"]["--run_id"] for run in reversed(aws.glue.runs)]


def test_a_killed_run_is_repeated_under_its_run_id(
    aws: Any, run: Any, clock: Any, shown: io.StringIO, document: dict[str, Any]
) -> None:
    """Each attempt is told as it fails, and is in the document with its reason."""
    aws.glue.failures = [KILLED, THROTTLED]
    assert run() == attempts.JobRun("jr_2", attempts=3)
    assert run_ids(aws) == ["mine"] * 3
    assert document["job_run_id"] == "jr_2"
    told = [(one["attempt"], one["job_run_id"], one["state"]) for one in document["attempts"]]
    assert told == [(1, "jr_0", "FAILED"), (2, "jr_1", "FAILED"), (3, "jr_2", "SUCCEEDED")]
    assert [one.get("kind") for one in document["attempts"]] == ["killed", "throttled", None]
    assert "attempt 1 of 3: Job run jr_0 of ingest ended as FAILED" in shown.getvalue()
    assert "SIGKILL (killed); again in" in shown.getvalue()
    assert len([pause for pause in clock.sleeps if pause >= 0.5]) == 2


def test_the_pause_before_the_next_attempt_grows_with_what_the_last_one_took(
    aws: Any, run: Any, clock: Any
) -> None:
    """A tenth of it, more or less by chance, and never more than a minute and a half."""
    for took, least, most in ((1.0, 0.5, 1.6), (600.0, 30.0, 90.0), (7200.0, 30.0, 90.0)):
        clock.sleeps.clear()
        aws.glue.failures = [KILLED]
        aws.glue.states = ["SUCCEEDED"]
        begin = aws.glue.start_job_run

        def start(begin: Any = begin, took: float = took, **call: Any) -> Any:
            clock.time += took
            return begin(**call)

        aws.glue.start_job_run = start
        run()
        aws.glue.start_job_run = begin
        assert least <= max(clock.sleeps) <= most


def test_what_all_attempts_used_is_paid_for(aws: Any, run: Any) -> None:
    """A minute of the first, a minute of the second."""
    aws.glue.failures = [KILLED]
    assert run().usage.dpu_hours == pytest.approx(2 / 60)


def test_the_last_attempt_fails_the_run_and_all_are_told(aws: Any, run: Any) -> None:
    """Two retries at most, and the message has every reason."""
    aws.glue.failures = [KILLED, THROTTLED, KILLED, KILLED]
    with pytest.raises(RunFailedError) as failure:
        run()
    text = str(failure.value)
    assert text.startswith("Job run jr_2 of ingest ended as FAILED")
    assert "This was attempt 3 of 3.\nAttempt 1 of 3: Job run jr_0" in text
    assert "Attempt 2 of 3: Job run jr_1 of ingest ended as FAILED after 3.0 s: Error Cat" in text
    assert len(aws.glue.runs) == 3


def test_nothing_is_repeated_where_nobody_wants_that(aws: Any, run: Any) -> None:
    """`--retries 0`, and a run that was attached to: its starter repeats it."""
    aws.glue.failures = [KILLED]
    with pytest.raises(RunFailedError, match="SIGKILL"):
        run(retries=0)
    aws.glue.failures = [KILLED]
    theirs = aws.glue.start_job_run(Arguments={"--run_id": "theirs"})["JobRunId"]
    with pytest.raises(RunFailedError, match="SIGKILL"):
        run(attached=theirs)
    assert run_ids(aws) == ["mine", "theirs"]


def test_a_lost_reply_to_the_second_start_is_one_run_and_not_the_first(aws: Any, run: Any) -> None:
    """The failed run carries the same run id; the one that is found is the new one."""
    aws.glue.failures = [KILLED]
    aws.glue.faults = [None, "lost"]
    aws.glue.listed_after = 1
    assert run() == attempts.JobRun("jr_1", attempts=2)
    assert len(aws.glue.runs) == 2


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ({"ErrorMessage": "ArgumentError: The job's arguments are wrong"}, RunFailedError),
        ({"ErrorMessage": "SchemaError: songs is of a newer release"}, RunFailedError),
        ({"ErrorMessage": "QualityError: 503 of 503 break it (throttled)"}, RunFailedError),
        ({"ErrorMessage": "StorageError: KMS.DisabledException from Amazon S3"}, RunFailedError),
        ({"ErrorMessage": "StorageError: x has format 9, and this job reads 2"}, RunFailedError),
        ({"ErrorMessage": "LeaseHeldError: held by run laptop"}, PipelineBusyError),
        ({"ErrorMessage": "Command Failed due to Out of Memory"}, RunFailedError),
        ({"ErrorMessage": "song 7 is a poem"}, RunFailedError),
        ({"JobRunState": "TIMEOUT", "ErrorMessage": "throttled"}, RunFailedError),
        ({"JobRunState": "STOPPED"}, RunFailedError),
    ],
)
def test_what_would_fail_again_is_not_repeated(
    aws: Any, run: Any, document: dict[str, Any], end: dict[str, Any], error: type[Exception]
) -> None:
    """One run, and the message says why there was no other."""
    aws.glue.failures = [end]
    with pytest.raises(error, match=r"attempt 1 of 3, not repeated: \w+"):
        run()
    assert len(aws.glue.runs) == 1
    assert document["attempts"][0]["state"] == end.get("JobRunState", "FAILED")


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        ({"JobRunState": "ERROR"}, "Glue could not run it"),
        ({"ErrorMessage": "LeaseLostError: no longer held"}, "the lease was lost"),
        ({"ErrorMessage": "OSError: the job met something unforeseen"}, "unforeseen in the engine"),
        ({"ErrorMessage": "StorageError: Cannot write x: SlowDown"}, "throttled"),
        ({"ErrorMessage": 'StorageError: Connection was closed: "x"'}, "a broken connection"),
        ({"ErrorMessage": "Job run failed due to internal service error"}, "trouble inside AWS"),
        (
            {"ErrorMessage": "localaws stopped while this run was under way"},
            "its machine went away",
        ),
    ],
)
def test_what_may_pass_is_repeated(
    aws: Any, run: Any, document: dict[str, Any], end: dict[str, Any], kind: str
) -> None:
    """The second attempt succeeds."""
    aws.glue.failures = [end]
    assert run().attempts == 2
    assert document["attempts"][0]["kind"] == kind


def test_the_jobs_own_sentence_is_found_in_its_errors(
    aws: Any, run: Any, document: dict[str, Any]
) -> None:
    """Glue may say of a script that ended itself no more than its status."""
    sentence = "QualityError: A rule was broken that stops the run."
    aws.logs.groups["/aws-glue/jobs/error"] = [sentence, *["INFO shutting down"] * 20]
    aws.glue.failures = [{"ErrorMessage": "SystemExit: 1"}]
    with pytest.raises(RunFailedError, match=r"ended as FAILED after 3\.0 s: QualityError: A rule"):
        run()
    assert document["attempts"][0]["reason"] == sentence
