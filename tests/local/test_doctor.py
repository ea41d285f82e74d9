"""The doctor's checks against localaws: free names and clashes, keys, Lake Formation."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml

from pipeline.doctor import account, clashes, quotas, services, stack_file
from pipeline.doctor.examination import examine_stack
from pipeline.doctor.findings import UncheckedError, Verdict
from pipeline.doctor.subject import Subject
from pipeline.doctor.tools import Tools
from pipeline.errors import StackError
from pipeline.progress import PlainDisplay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from localaws import process

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())


def written(folder: Path, server: process.Server, **settings: Any) -> str:
    """Write the file of a new stack that is on the server, and return the stack's name."""
    document = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    config = document["config"]
    config["aws:endpoints"] = [dict.fromkeys(config["aws:endpoints"][0], server.endpoint)]
    config.update({f"lakehouse:{key}": value for key, value in settings.items()})
    stack = f"h{uuid4().hex[:8]}"
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
    (folder / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    return stack


def opened(folder: Path, server: process.Server, **settings: Any) -> Subject:
    """A new stack on the server, whose file and credentials were looked at."""
    subject = Subject(written(folder, server, **settings), folder)
    looked = [*stack_file.settings(subject), *account.credentials(subject)]
    assert [one.status for one in looked] == ["ok", "ok"]
    return subject


def only(verdicts: Iterable[Verdict]) -> Verdict:
    """The one verdict that there has to be."""
    (verdict,) = verdicts
    return verdict


def test_names_that_are_taken_are_told_unless_they_are_the_stacks_own(
    server: process.Server, client: Callable[[str], Any], tmp_path: Path
) -> None:
    """Free names, then three that exist: without a state, with one, and when nobody knows."""
    subject = opened(tmp_path, server)
    subject.deployed = False
    assert only(clashes.buckets(subject)).message == "9 buckets are free"
    assert only(clashes.others(subject)).status == "ok"

    names = subject.names()
    client("s3").create_bucket(Bucket=names.bucket("bronze"))
    client("iam").create_role(RoleName=names.role("job"), AssumeRolePolicyDocument="{}")
    client("logs").create_log_group(logGroupName=names.log_groups["crawler"])
    for deployed, status in ((False, "problem"), (True, "ok"), (None, "warning")):
        subject.deployed = deployed
        bucket, other = only(clashes.buckets(subject)), only(clashes.others(subject))
        assert (bucket.status, other.status) == (status, status)
        if status != "ok":
            assert names.bucket("bronze") in bucket.message
            assert f"role {names.role('job')}" in other.message
            assert names.log_groups["crawler"] in other.message
            assert "docs/runbook.md" in other.advice


def test_a_given_key_has_to_be_able_to_encrypt(
    server: process.Server, client: Callable[[str], Any], tmp_path: Path
) -> None:
    """Enabled and symmetric; without one, whether a key may be made is not told here."""
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    subject = opened(tmp_path, server, kmsKeyArn=key["Arn"])
    assert only(services.key(subject)).status == "ok"
    kms.disable_key(KeyId=key["KeyId"])
    assert "is Disabled" in only(services.key(subject)).message

    asymmetric = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]
    subject = opened(tmp_path, server, kmsKeyArn=asymmetric["Arn"])
    assert "is for SIGN_VERIFY" in only(services.key(subject)).message
    unknown = key["Arn"][:-36] + str(uuid4())
    subject = opened(tmp_path, server, kmsKeyArn=unknown)
    assert "NotFoundException" in only(services.key(subject)).message


@pytest.fixture
def lake_settings(client: Callable[[str], Any]) -> Iterator[Callable[..., None]]:
    """Return a function that sets the account's; they are put back at the end."""
    lake = client("lakeformation")
    before = lake.get_data_lake_settings()["DataLakeSettings"]

    def put(**settings: Any) -> None:
        lake.put_data_lake_settings(DataLakeSettings=settings)

    yield put
    put(**before)


def test_lake_formation_has_to_fit_the_setting(
    server: process.Server, lake_settings: Callable[..., None], tmp_path: Path
) -> None:
    """Open to IAM, or whoever deploys is an administrator."""
    everyone = [
        {
            "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
            "Permissions": ["ALL"],
        }
    ]
    off, grants = opened(tmp_path, server), opened(tmp_path, server, lakeFormation="grants")
    lake_settings(CreateDatabaseDefaultPermissions=everyone, CreateTableDefaultPermissions=everyone)
    assert only(services.lake_formation(off)).status == "ok"
    assert only(services.lake_formation(grants)).status == "problem"
    lake_settings(CreateDatabaseDefaultPermissions=[], CreateTableDefaultPermissions=everyone)
    warned = only(services.lake_formation(off))
    assert (warned.status, "new databases of" in warned.message) == ("warning", True)
    lake_settings(DataLakeAdmins=[{"DataLakePrincipalIdentifier": grants.caller}])
    assert only(services.lake_formation(grants)).status == "ok"


def test_what_the_emulator_does_not_tell_is_unchecked(
    server: process.Server, tmp_path: Path
) -> None:
    """A stack with endpoints never asks AWS itself."""
    subject = opened(tmp_path, server)
    with pytest.raises(UncheckedError, match="does not say where service-quotas"):
        list(quotas.glue(subject))
    assert only(services.athena(subject)).status == "ok"


def test_a_stack_without_a_file_is_wrong_usage(tmp_path: Path) -> None:
    """There is nothing to look at."""
    with pytest.raises(StackError, match="There is no stack 'nonsense'"):
        examine_stack("nonsense", None, DISPLAY, tmp_path)


@pytest.fixture
def pulumi(pulumi_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI on the PATH, with a backend and a passphrase, and no plugin."""
    (tmp_path / "backend").mkdir()
    monkeypatch.setenv("PATH", f"{pulumi_root / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'backend'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")


@pytest.mark.engine
@pytest.mark.usefixtures("pulumi")
def test_a_healthy_stack_is_ready(server: process.Server, tmp_path: Path) -> None:
    """Every check says something, and none finds a problem."""
    found = examine_stack(written(tmp_path, server), None, DISPLAY, tmp_path)
    statuses = {one.check: one.status for one in found}
    assert len(statuses) == 16
    assert "problem" not in statuses.values()
    assert {name for name, status in statuses.items() if status == "unchecked"} == {
        "Glue quotas",
        "Athena quotas",
        "KMS",
    }
    assert all(one.message for one in found)


@pytest.mark.engine
@pytest.mark.usefixtures("pulumi")
def test_pulumi_has_to_be_there_and_logged_in(
    server: process.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CLI, the plugin, the backend and what secrets are under, from both sides."""
    subject = opened(tmp_path, server)
    tools = Tools(subject)
    assert only(tools.cli()).status == "ok"
    assert only(tools.plugin()).status == "warning"
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    assert only(tools.plugin()).status == "problem"
    assert only(tools.backend()).status == "ok"
    assert subject.deployed is False
    assert only(tools.secrets()).status == "ok"

    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert only(tools.secrets()).status == "problem"
    subject.file.write_text("secretsprovider: awskms:///alias/x?region=us-east-1\n")
    assert only(tools.secrets()).message == "under awskms:///alias/x"
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert "log in to the backend" in only(tools.backend()).message

    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("pulumi-resource-aws", "exit 0"), ("pulumi", "echo v2.0.0")):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert only(tools.plugin()).status == "ok"
    assert "too old" in only(Tools(subject).cli()).message
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not on PATH" in only(Tools(subject).cli()).message
    with pytest.raises(UncheckedError, match="takes the Pulumi CLI"):
        list(Tools(subject).backend())
