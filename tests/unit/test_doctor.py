"""The doctor's checks that need no AWS: each finds what is right and what is wrong."""

from __future__ import annotations

import io
import json
import socket
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from lakehouse.account import Account
from pipeline import cli
from pipeline.doctor import account, clashes, laptop, quotas, services, stack_file
from pipeline.doctor.examination import examine_laptop
from pipeline.doctor.findings import UncheckedError, Verdict, examine
from pipeline.doctor.subject import Subject
from pipeline.progress import PlainDisplay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

DISPLAY = PlainDisplay(io.StringIO())


class Faked(Subject):
    """A subject whose clients are the test's own."""

    fakes: dict[str, Any]

    def client(self, service: str) -> Any:
        """The client that the test gave for the service."""
        return self.fakes[service]


def subject(folder: Path, text: str = "", **fakes: Any) -> Faked:
    """A subject with this file of settings, in an account that is known."""
    settings = f'config:\n  aws:region: us-east-1\n  lakehouse:environment: "dev"\n{text}'
    (folder / "Pulumi.try.yaml").write_text(settings)
    made = Faked("try", folder)
    made.fakes = fakes
    list(stack_file.settings(made))
    made.account = Account(id="123456789012", partition="aws", region="us-east-1")
    made.caller = "arn:aws:sts::123456789012:assumed-role/team/me"
    return made


def pages(**answer: Any) -> Any:
    """A paginator with one page."""
    return SimpleNamespace(paginate=lambda **_: [answer])


def raising(error: Exception) -> Callable[..., Any]:
    """A call that fails."""

    def call(**_: Any) -> Any:
        raise error

    return call


def only(verdicts: Iterable[Verdict]) -> Verdict:
    """The one verdict that there has to be."""
    (verdict,) = verdicts
    return verdict


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", "ok", "is valid (dev)"),
        ("  lakehouse:colour: red\n", "problem", "lakehouse:colour = 'red' is no setting"),
        ("  lakehouse:workerCount: 1\n", "problem", "lakehouse:workerCount = '1' is not allowed"),
        ("  lakehouse:prefix: [\n", "problem", "is not valid YAML"),
    ],
)
def test_a_stack_file_is_read_as_the_program_reads_it(
    text: str, status: str, words: str, tmp_path: Path
) -> None:
    """Its errors are the program's own, with the key in them."""
    verdict = only(stack_file.settings(subject(tmp_path, text)))
    assert verdict.status == status
    assert words in verdict.message
    assert bool(verdict.advice) == (status == "problem")


def test_a_secret_in_a_stack_file_cannot_be_looked_at(tmp_path: Path) -> None:
    """Only Pulumi can decrypt it."""
    text = "  lakehouse:prefix:\n    secure: v1:abc\n"
    with pytest.raises(UncheckedError, match="only Pulumi can decrypt"):
        subject(tmp_path, text)


def test_a_region_beside_the_one_of_the_file_is_a_warning(tmp_path: Path) -> None:
    """The file wins: that is where the stack goes."""
    made = subject(tmp_path)
    made.region = "eu-west-1"
    warned, fine = stack_file.settings(made)
    assert (warned.status, fine.status, made.region) == ("warning", "ok", "us-east-1")


def test_credentials_that_aws_refuses_are_a_problem(tmp_path: Path, client_error: Any) -> None:
    """So are none at all; good ones tell the account."""
    told = {"Arn": "arn:aws-cn:iam::111122223333:user/me", "Account": "111122223333"}
    good = subject(tmp_path, sts=SimpleNamespace(get_caller_identity=lambda: told))
    assert only(account.credentials(good)).status == "ok"
    assert good.account == Account(id="111122223333", partition="aws-cn", region="us-east-1")
    for error in (client_error("ExpiredToken"), NoCredentialsError()):
        bad = subject(tmp_path, sts=SimpleNamespace(get_caller_identity=raising(error)))
        verdict = only(account.credentials(bad))
        assert verdict.status == "problem"
        assert "sign in" in verdict.advice.lower()


@pytest.mark.parametrize(
    ("listed", "status"),
    [('["123456789012"]', "ok"), ('["111122223333"]', "problem"), ("[]", "warning")],
)
def test_the_account_has_to_be_one_of_the_stack_file(
    listed: str, status: str, tmp_path: Path
) -> None:
    """A file that names none holds the stack to no account."""
    made = subject(tmp_path, f"  aws:allowedAccountIds: {listed}\n")
    assert only(account.account(made)).status == status


@pytest.mark.parametrize(
    ("regions", "own", "expected"),
    [
        ([{"OptInStatus": "opt-in-not-required"}], "us-east-1", ["ok"]),
        ([{"OptInStatus": "opt-in-not-required"}], "eu-west-1", ["ok", "warning"]),
        ([{"OptInStatus": "not-opted-in"}], "us-east-1", ["problem"]),
        ([], "us-east-1", ["problem"]),
    ],
)
def test_the_region_has_to_be_switched_on(
    regions: list[Any], own: str, expected: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    """A configuration of another region is told: other commands go there."""
    monkeypatch.setenv("AWS_REGION", own)
    ec2 = SimpleNamespace(describe_regions=lambda **_: {"Regions": regions})
    verdicts = list(account.region(subject(tmp_path, ec2=ec2)))
    assert [one.status for one in verdicts] == expected


def quota_clients(limits: dict[str, float], there: int) -> dict[str, Any]:
    """Service Quotas with these limits, and so many VPCs and jobs."""
    quoted = [{"QuotaName": name, "Value": value} for name, value in limits.items()]
    listed = {"Vpcs": [{}] * there, "Jobs": [{}] * there, "Quotas": quoted}
    client = SimpleNamespace(get_paginator=lambda _: pages(**listed))
    return dict.fromkeys(("service-quotas", "ec2", "glue", "athena"), client)


@pytest.mark.parametrize("room", [True, False])
def test_quotas_have_to_leave_room(room: bool, tmp_path: Path) -> None:
    """For a VPC, its endpoints, a job, its workers and a query."""
    limits = {"VPCs per Region": 5.0, "Interface VPC endpoints per VPC": 50.0 if room else 4.0}
    limits |= {"Max jobs per account": 5.0, "max task DPUs per account": 2.0 if room else 1.0}
    limits |= {"Active DML queries": 1.0 if room else 0.0}
    made = subject(tmp_path, **quota_clients(limits, there=4 if room else 5))
    looked = [*quotas.network(made), *quotas.glue(made), *quotas.athena(made)]
    assert [one.status for one in looked] == ["ok" if room else "problem"] * 5
    assert "VPCs per Region: 4 of 5" in looked[0].message or not room


def test_a_quota_that_nobody_tells_is_unchecked(tmp_path: Path) -> None:
    """Never passed over."""
    made = subject(tmp_path, **quota_clients({}, there=0))
    with pytest.raises(UncheckedError, match="tells no 'VPCs per Region'"):
        list(quotas.network(made))
    made = subject(tmp_path, "  lakehouse:network: none\n")
    assert only(quotas.network(made)).message.startswith("no VPC is made")


@pytest.mark.parametrize(
    ("engines", "status"),
    [(["Athena engine version 3", "PySpark"], "ok"), (["Athena engine version 2"], "problem")],
)
def test_athena_needs_its_third_engine(engines: list[str], status: str, tmp_path: Path) -> None:
    """Older ones read no Delta tables."""
    listed = [{"EffectiveEngineVersion": one} for one in engines]
    athena = SimpleNamespace(list_engine_versions=lambda: {"EngineVersions": listed})
    assert only(services.athena(subject(tmp_path, athena=athena))).status == status


@pytest.mark.parametrize(("decision", "status"), [("allowed", "ok"), ("implicitDeny", "problem")])
def test_whoever_deploys_must_be_able_to_create_a_key(
    decision: str, status: str, tmp_path: Path
) -> None:
    """The role behind the session is asked about, as IAM knows no sessions."""
    asked: list[str] = []

    def simulate(PolicySourceArn: str, ActionNames: list[str]) -> Any:  # noqa: N803
        asked.append(PolicySourceArn)
        results = [{"EvalActionName": one, "EvalDecision": decision} for one in ActionNames]
        return {"EvaluationResults": results}

    iam = SimpleNamespace(simulate_principal_policy=simulate)
    assert only(services.key(subject(tmp_path, iam=iam))).status == status
    assert asked == ["arn:aws:iam::123456789012:role/team"]


def test_a_bucket_of_somebody_else_is_a_problem(tmp_path: Path, client_error: Any) -> None:
    """Names of buckets are unique in the world; S3 answers 403 for those of others."""
    s3 = SimpleNamespace(head_bucket=raising(client_error("403")))
    *taken, _judged = clashes.buckets(subject(tmp_path, s3=s3))
    assert {one.status for one in taken} == {"problem"}
    assert len(taken) == 9
    s3 = SimpleNamespace(head_bucket=raising(client_error("500")))
    with pytest.raises(ClientError):
        list(clashes.buckets(subject(tmp_path, s3=s3)))


def test_a_check_that_cannot_look_says_why(client_error: Any) -> None:
    """The others go on."""

    def cannot() -> Iterator[Verdict]:
        yield from ()
        raise UncheckedError("it takes a thing")

    checks = [
        ("one", raising(client_error("AccessDenied"))),
        ("two", cannot),
        ("three", lambda: [Verdict("ok", "fine")]),
    ]
    found = examine(checks, DISPLAY)
    assert [one.status for one in found] == ["unchecked", "unchecked", "ok"]
    assert "SomeOperation with AccessDenied" in found[0].message


def test_this_machine_is_looked_at_from_both_sides(tmp_path: Path, monkeypatch: Any) -> None:
    """Python, packages, the port and the disk."""
    assert only(laptop.packages(("json", "no_such_module"))).status == "problem"
    assert only(laptop.packages(("json",))).status == "ok"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        number = listener.getsockname()[1]
        assert only(laptop.port(number)).status == "warning"
    assert only(laptop.port(number)).status == "ok"
    assert only(laptop.disk(tmp_path / "not" / "there", room=1)).status == "ok"
    assert only(laptop.disk(tmp_path, room=10**18)).status == "problem"
    assert only(laptop.python()).status == "ok"
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert only(laptop.python()).status == "problem"


def test_the_command_ends_with_1_when_there_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And prints every check all the same, for people and for programs."""
    assert {one.check for one in examine_laptop(None, DISPLAY)} == {
        "Python",
        "packages",
        "port",
        "disk",
    }
    monkeypatch.setattr(laptop, "python", lambda: [Verdict("ok", "fine")])
    assert cli.run_command(["doctor", "--local"]) == 0
    monkeypatch.setattr(laptop, "python", lambda: [Verdict("problem", "too old", "Update it.")])
    assert cli.run_command(["doctor", "--local"]) == 1
    capsys.readouterr()
    assert cli.run_command(["doctor", "--local", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["checks"][0] == {
        "check": "Python",
        "status": "problem",
        "message": "too old",
        "next": "Update it.",
    }
    assert document["status"] == "failed"
    assert "see Python above" in document["error"]["message"]
