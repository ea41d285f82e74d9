"""Links to a log's page in the CloudWatch console."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from pipeline import attempts
from pipeline.console import log_link
from pipeline.errors import RunFailedError
from pipeline.progress import PlainDisplay, Stages
from tests.unit.job_fakes import FakeAws

STREAM = "jr_1"


def aws_in(region: str, endpoint: str | None = None) -> Any:
    """The clients of an account in a region, which call nobody."""
    session = boto3.Session("a", "s", region_name=region)
    return SimpleNamespace(session=session, logs=session.client("logs", endpoint_url=endpoint))


def test_group_and_stream_are_encoded_twice_behind_the_hash() -> None:
    """As the console itself writes them: %25 is $25, and a slash $252F."""
    assert log_link(aws_in("eu-west-1"), "/aws-glue/jobs/a b-role/x/output", "jr_1/2") == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logsV2:log-groups/log-group/$252Faws-glue$252Fjobs$252Fa$2520b-role$252Fx$252Foutput"
        "/log-events/jr_1$252F2"
    )


@pytest.mark.parametrize(
    ("region", "console"),
    [
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(region: str, console: str) -> None:
    """China's and the government's."""
    assert (log_link(aws_in(region), "/g", STREAM) or "").startswith(console)


def test_localaws_has_no_console() -> None:
    """There is nothing to link to."""
    assert log_link(aws_in("eu-west-1", "http://127.0.0.1:4566"), "/g", STREAM) is None


def test_a_failure_on_aws_links_to_the_log_of_its_run(client_error: Any, clock: Any) -> None:
    """In the message and in the document; also where nothing of the log can be read."""
    aws: Any = FakeAws(client_error)
    aws.logs.meta.endpoint_url = "https://logs.eu-west-1.amazonaws.com"
    aws.logs.groups.clear()
    aws.glue.failures = [{"ErrorMessage": "why"}]
    document: dict[str, Any] = {}
    stages = Stages(PlainDisplay(SimpleNamespace(write=str, flush=str)), clock)  # type: ignore[arg-type]
    with pytest.raises(RunFailedError) as failure:
        attempts.run_job(
            aws, "ingest", "mine", stages, document, log_groups={"job_error": "/its/error"}
        )
    link = document["attempts"][0]["log"]["url"]
    assert link.endswith("log-group/$252Fits$252Ferror/log-events/jr_0")
    assert f"\nIts log: {link}\n" in str(failure.value)
