"""The command line: exit codes, JSON purity, and sentences instead of tracebacks."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ProfileNotFound

from localaws.errors import StateInUseError
from pipeline import ask, cli, run
from pipeline.errors import PipelineBusyError, RunFailedError, StackError, StoppedError

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(cli.cli.commands)


def lakehouse(*arguments: str) -> int:
    """Run a command in this process."""
    return cli.run_command(list(arguments))


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `lakehouse run` fail with an error, after a first stage was done."""

    def fail(_choice: Any, _source: Any, document: dict[str, Any], *_: Any, **__: Any) -> None:
        document["stages"] = [{"name": "upload", "status": "succeeded", "seconds": 0.1}]
        raise error

    monkeypatch.setattr(run, "run_pipeline", fail)


def test_sigterm_ends_a_command_as_ctrl_c_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130 and one sentence; afterwards the signal means what it meant before."""
    before = signal.getsignal(signal.SIGTERM)

    def terminated(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr(run, "run_pipeline", terminated)
    assert lakehouse("run", "--stack", "dev") == 130
    assert capsys.readouterr().err.strip().startswith("lakehouse: Interrupted")
    assert signal.getsignal(signal.SIGTERM) is before


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """Help says what a command does and shows how it is called."""
    for command in COMMANDS:
        assert lakehouse(command, "--help") == 0
        text = capsys.readouterr().out
        assert f"lakehouse {command}" in text.partition("Example")[2]


def test_help_answers_at_once() -> None:
    """Help imports neither boto3 nor Pulumi nor anything else that takes time."""
    code = (
        "import sys; from pipeline.cli import run_command; run_command(['--help']);"
        "heavy = {'boto3', 'botocore', 'deltalake', 'pulumi', 'pulumi_aws', 'pydantic', 'rich',"
        "'moto', 'pyarrow', 'duckdb', 'yaml', 'jinja2', 'grpc', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"

    def processor_seconds() -> float:
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        return spent.ru_utime + spent.ru_stime

    taken = []
    for _ in range(5):
        before = processor_seconds()
        subprocess.run(
            [sys.executable, "-m", "pipeline", "--help"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        taken.append(processor_seconds() - before)
    # Of the processor, not of the wall clock: other work on the machine does not count.
    assert min(taken) < 0.3, taken


@pytest.mark.parametrize(
    "case",
    [
        (["run"], "Choose one target: --local"),
        (["run", "--local", "--stack", "dev"], "Choose one target: --local"),
        (["query", "SELECT 1"], "Choose one target: --local"),
        (["run", "--stack", "dev", "--state", "s"], "--state belongs to --local"),
        (["run", "--local", "--region", "eu-west-1"], "--region belongs to --stack"),
        (["run", "--local"], "There is nothing to run on"),
        (["run", "--local", "--source", "nowhere"], "folder nowhere does not exist"),
        (["run", "--nonsense"], "No such option"),
        (["nonsense"], "No such command 'nonsense'"),
        (["query", "--local", "--state", "s"], "Pass either the SQL"),
        (["query", "--local", "SELECT 1"], "pass --state DIR"),
        (["query", "--local", "--state", "nowhere", "SELECT 1"], "nowhere is no state folder"),
        (["sample"], "Missing argument"),
        (["sample", "x", "--dirty", "2"], "Invalid value for '--dirty'"),
        (["destroy", "--stack", "dev"], "confirm with --yes"),
        (["maintain"], "Choose one target: --local"),
        (["maintain", "--local"], "pass --state DIR"),
        (["maintain", "--local", "--state", "nowhere"], "nowhere is no state folder"),
        (["maintain", "--stack", "dev", "--retention-hours", "167"], "would lose its files"),
        (["restore", "--stack", "dev"], "Missing option '--run'"),
        (["restore", "--local", "--run", "x"], "pass --state DIR"),
        (["preview", "--stack", "nonsense"], "There is no stack 'nonsense'"),
        (["doctor"], "Choose one target: --local"),
        (["doctor", "--stack", "nonsense"], "There is no stack 'nonsense'"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    case: tuple[list[str], str],
    as_json: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sentence is on standard error; standard output has the JSON object or nothing."""
    arguments, sentence = case
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert lakehouse(*arguments, *(["--json"] if as_json else [])) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert "Traceback" not in err
    if as_json:
        document = json.loads(out)
        assert document["status"] == "failed"
        assert sentence in document["error"]["message"]
    else:
        assert out == ""


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (RunFailedError("the job failed"), 1, "the job failed"),
        (StackError("no stack x"), 2, "no stack x"),
        (PipelineBusyError("held by jr_1"), 3, "held by jr_1"),
        (StoppedError("jr_1 still runs"), 130, "jr_1 still runs"),
        (StateInUseError("another localaws uses s"), 2, "Another localaws uses s."),
        (NoCredentialsError(), 2, "There are no usable AWS credentials"),
        (ProfileNotFound(profile="x"), 2, "Correct your AWS configuration"),
        (EndpointConnectionError(endpoint_url="http://x"), 1, "AWS could not be reached"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (ZeroDivisionError("oh"), 1, "Something unforeseen went wrong (ZeroDivisionError: oh)"),
    ],
)
def test_every_failure_has_its_exit_code_and_its_sentence(
    error: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No failure shows a traceback, and the JSON object tells how far the run came."""
    failing(monkeypatch, error)
    assert lakehouse("run", "--stack", "dev", "--json") == code
    out, err = capsys.readouterr()
    assert sentence in err
    assert "Traceback" not in err
    document = json.loads(out)
    assert document["status"] == "failed"
    assert document["run_id"]
    assert document["stages"][0]["name"] == "upload"
    assert sentence in document["error"]["message"]
    assert document["error"]["type"]


@pytest.mark.parametrize(
    "case",
    [
        ("ExpiredToken", 2, "Sign in again"),
        ("UnrecognizedClientException", 2, "Sign in again"),
        ("AccessDeniedException", 1, "AWS denied SomeOperation"),
        ("NoSuchBucket", 1, "AWS answered SomeOperation with NoSuchBucket: m."),
    ],
)
def test_refusals_of_aws_are_explained(
    case: tuple[str, int, str],
    client_error: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bad credentials are a matter of configuration, other refusals are failures."""
    code, exit_code, sentence = case
    failing(monkeypatch, client_error(code))
    assert lakehouse("run", "--stack", "dev") == exit_code
    assert sentence in capsys.readouterr().err


def test_a_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """LAKEHOUSE_DEBUG=1 lets the error through as it is."""
    failing(monkeypatch, ZeroDivisionError("oh"))
    monkeypatch.setenv("LAKEHOUSE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        lakehouse("run", "--stack", "dev")


def test_nothing_else_gets_onto_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a library prints goes to standard error while --json is on."""

    def chatty(*_: Any, **__: Any) -> Any:
        sys.stdout.write("hello from a library\n")
        raise RunFailedError("no")

    monkeypatch.setattr(ask, "ask", chatty)
    assert lakehouse("query", "--stack", "dev", "SELECT 1", "--json") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["type"] == "RunFailedError"
    assert "hello from a library" in err


def test_a_stack_without_region_or_credentials_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before AWS is called, the user is told what their configuration lacks."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert lakehouse("run", "--stack", "dev") == 2
    assert "No AWS region is set: pass --region NAME" in capsys.readouterr().err
    assert lakehouse("run", "--stack", "dev", "--region", "eu-west-1") == 2
    assert "There are no usable AWS credentials" in capsys.readouterr().err


def test_sample_prints_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people a line, for programs an object."""
    arguments = ["sample", str(tmp_path / "s"), "--songs", "5", "--days", "1", "--events-per-day"]
    assert lakehouse(*arguments, "10") == 0
    assert "5 songs and 10 events of 1 days in 6 files" in capsys.readouterr().out
    assert lakehouse(*arguments, "10", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["already_there"]) == ("succeeded", True)
    assert (document["files"], document["events"]) == (6, 10)
