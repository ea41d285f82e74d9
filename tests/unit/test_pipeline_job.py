"""The job stage: exactly one run, every end told truly."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import attempts, job, wait
from pipeline.errors import PipelineBusyError, RunFailedError, StoppedError
from pipeline.progress import PlainDisplay, Stages
from tests.unit.job_fakes import FakeAws

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def aws(client_error: Any) -> Any:
    """One account for one test."""
    return FakeAws(client_error)


@pytest.fixture
def run(aws: Any, clock: Any) -> Callable[..., attempts.JobRun]:
    """Run the job as the pipeline does, once."""
    stages = Stages(PlainDisplay(io.StringIO()), clock)
    return lambda **options: attempts.run_job(
        aws, "ingest", "mine", stages, {}, retries=0, **options
    )


def test_a_run_is_started_with_its_run_id_and_waited_for(aws: Any, run: Any) -> None:
    """The run id goes in as an argument, and the end comes back."""
    assert run() == attempts.JobRun("jr_0", attempts=1)
    assert aws.glue.runs[0]["Arguments"] == {"--run_id": "mine"}


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_lost_reply_is_found_again_and_no_second_run_starts(
    aws: Any, run: Any, looks: int
) -> None:
    """Glue started the run but the connection broke; it may take a moment to be listed."""
    aws.glue.faults = ["lost"]
    aws.glue.listed_after = looks
    assert run().job_run_id == "jr_0"
    assert len(aws.glue.runs) == 1


def test_a_lost_reply_of_a_run_listed_late_is_found_when_glue_bars_the_second(
    aws: Any, run: Any
) -> None:
    """However late Glue lists it, the run that bars ours is recognised as ours."""
    aws.glue.faults = ["lost"]
    aws.glue.listed_after = job.LOOKS_PER_START
    assert run().job_run_id == "jr_0"
    assert len(aws.glue.runs) == 1


def test_a_lost_reply_and_a_list_that_is_refused_start_no_second_run(
    aws: Any, run: Any, client_error: Any
) -> None:
    """Who cannot look does not know: the message says that the run may be under way."""
    aws.glue.faults = ["lost"]

    def refuse(**_: Any) -> Any:
        raise client_error("AccessDeniedException")

    aws.glue.get_job_runs = refuse
    with pytest.raises(RunFailedError, match=r"for run id mine, gave no answer.*--attach"):
        run()
    assert len(aws.glue.runs) == 1


def test_a_lost_reply_is_found_however_often_the_list_is_put_off(
    aws: Any, run: Any, client_error: Any
) -> None:
    """Throttling of the look itself is waited out."""
    aws.glue.faults = ["lost"]
    answers = [client_error("ThrottlingException")] * 8
    listed = aws.glue.get_job_runs

    def throttled(**call: Any) -> Any:
        if answers:
            raise answers.pop()
        return listed(**call)

    aws.glue.get_job_runs = throttled
    assert run().job_run_id == "jr_0"
    assert len(aws.glue.runs) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServiceException"])
def test_a_refused_start_is_repeated(aws: Any, run: Any, client_error: Any, code: str) -> None:
    """Throttling and failures inside Glue pass."""
    aws.glue.faults = [client_error(code), client_error(code)]
    assert run().job_run_id == "jr_0"


def test_a_service_that_never_starts_the_job_is_given_up(
    aws: Any, run: Any, clock: Any, client_error: Any
) -> None:
    """After a bounded time the user is told that nothing runs; the pauses in between grow."""
    aws.glue.faults = [client_error("ThrottlingException")] * 1000
    with pytest.raises(RunFailedError, match="did not start the job ingest in 5 min"):
        run()
    assert clock.time < 1000 + wait.STARTING + 2 * wait.LAST_PAUSE
    assert 10 < len(clock.sleeps) < 40
    assert clock.sleeps[0] < 2 * wait.FIRST_PAUSE
    assert clock.sleeps[-1] >= wait.LAST_PAUSE / 2


@pytest.mark.parametrize(
    "code", ["ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"]
)
def test_a_start_that_no_run_bars_any_more_is_repeated(
    aws: Any, run: Any, clock: Any, client_error: Any, code: str
) -> None:
    """Glue counts a run that has ended for a moment more, and the other jobs of the account."""
    aws.glue.faults = [client_error(code)] * 4
    assert run().job_run_id == "jr_0"
    assert len(set(clock.sleeps)) >= 4


def test_another_run_under_way_is_named(aws: Any, run: Any) -> None:
    """One run at a time writes the tables: the second is refused with the name of the first."""
    aws.glue.start_job_run(Arguments={"--run_id": "theirs"})
    with pytest.raises(PipelineBusyError, match=r"jr_0 \(ingest, STARTING since 2030"):
        run()


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_every_other_end_is_a_failure_with_reason_and_log(aws: Any, run: Any, state: str) -> None:
    """The message has the run, its end, Glue's reason, the last log lines and the next step."""
    aws.glue.states = ["RUNNING", state]
    aws.glue.end = {"ErrorMessage": "a bad day", "ExecutionTime": 65}
    with pytest.raises(RunFailedError) as failure:
        run()
    text = str(failure.value)
    assert f"jr_0 of ingest ended as {state} after 1 min 5 s: a bad day" in text
    assert "boom at song 7" in text
    assert text.endswith("Mend the cause and run again.")


def test_a_run_may_have_arguments_of_its_own(aws: Any, run: Any) -> None:
    """They travel with the run id."""
    run(arguments={"--task": "maintain"})
    assert aws.glue.runs[0]["Arguments"] == {"--task": "maintain", "--run_id": "mine"}


def test_a_lease_that_another_writer_holds_is_no_failure_of_the_work(aws: Any, run: Any) -> None:
    """A writer outside Glue holds the tables as another run of the job would."""
    aws.glue.states = ["FAILED"]
    aws.glue.end = {"ErrorMessage": "LeaseHeldError: the lease is held by run laptop"}
    with pytest.raises(PipelineBusyError, match="held by run laptop"):
        run()


def test_a_failure_without_a_readable_log_is_told_without_it(aws: Any, run: Any) -> None:
    """Log access may be missing: that does not hide the failure, and the place is named."""
    aws.glue.states = ["FAILED"]
    aws.glue.end = {"LogGroupName": "/somewhere/else", "ErrorMessage": "why"}
    with pytest.raises(
        RunFailedError, match=r"ended as FAILED: why\n.*/somewhere/else, stream jr_0"
    ):
        run()


def test_a_run_that_names_no_log_is_looked_for_in_the_groups_of_the_stack(
    aws: Any, run: Any
) -> None:
    """Under a security configuration Glue writes to other groups than those it is known for."""
    aws.glue.states = ["FAILED"]
    aws.glue.end = {"LogGroupName": "/somewhere/else", "ErrorMessage": "why"}
    groups = {"job_output": "/aws-glue/jobs/output", "job_error": "/aws-glue/jobs/error"}
    with pytest.raises(RunFailedError, match="boom at song 7"):
        run(log_groups=groups)


def test_what_a_log_says_does_not_command_the_terminal(aws: Any, run: Any) -> None:
    """The names of objects are in it, and anybody who uploads chooses those."""
    aws.glue.states = ["FAILED"]
    aws.glue.end = {"ErrorMessage": "cannot read \x1b[2Ja.json"}
    with pytest.raises(RunFailedError) as caught:
        run()
    assert "\x1b" not in str(caught.value)
    assert "[2Ja.json" in str(caught.value)


def test_ctrl_c_stops_the_waiting_and_says_what_still_runs(aws: Any, clock: Any) -> None:
    """The job run goes on; the message has what stops it."""

    def interrupt(_state: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(StoppedError, match="Job run jr_0 of ingest still runs"):
        job.ended(aws, "ingest", aws.glue.start_job_run(Arguments={})["JobRunId"], clock, interrupt)


def test_ctrl_c_while_glue_is_asked_says_that_a_run_may_have_started(aws: Any, run: Any) -> None:
    """The reply did not come any more; what it would have said is not known."""
    begin = aws.glue.start_job_run

    def interrupted(**call: Any) -> Any:
        begin(**call)
        raise KeyboardInterrupt

    aws.glue.start_job_run = interrupted
    with pytest.raises(StoppedError, match=r"run id mine: it may run.*--attach .*--stop"):
        run()
