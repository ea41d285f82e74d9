"""With a state folder, everything that was acknowledged outlives the process."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localaws import errors, process
from localaws.blobs import SMALL
from localaws.folders import HeldFolder
from localaws.state_database import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _client(server: process.Server, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=16),
    )


@contextmanager
def _killed_afterwards(state: Path) -> Iterator[process.Server]:
    """A server that ends by kill -9: nothing that it does at a clean stop can help."""
    server = process.start(state=state)
    try:
        yield server
    finally:
        os.kill(server.pid, 9)
        server.close()


def _drop_volatile(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if name != "ResponseMetadata"}


def _seen(s3: Any, bucket: str) -> dict[Any, Any]:
    """Everything that a client can see of a bucket's objects."""
    listing = s3.list_object_versions(Bucket=bucket)
    seen: dict[Any, Any] = {
        "versions": listing.get("Versions", []),
        "markers": listing.get("DeleteMarkers", []),
        "keys": s3.list_objects_v2(Bucket=bucket).get("Contents", []),
    }
    for version in seen["versions"]:
        which = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        reply = s3.get_object(**which, ChecksumMode="ENABLED")
        seen[version["Key"], version["VersionId"]] = (
            reply.pop("Body").read(),
            _drop_volatile(reply),
            s3.get_object_tagging(**which)["TagSet"],
            _drop_volatile(s3.get_object_acl(**which)),
        )
    return seen


def test_objects_come_back_exactly(tmp_path: Path) -> None:
    """Bodies, etags, version ids, times, metadata, tags, checksums and markers are the same."""
    with _killed_afterwards(tmp_path / "state") as server:
        s3 = _client(server, "s3")
        s3.create_bucket(Bucket="plain")
        s3.create_bucket(Bucket="versioned")
        s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="plain", Key="a/b ü+%20.json", Body=b"one")
        s3.put_object(Bucket="plain", Key="a/b ü+%20.json", Body=b"two")
        s3.put_object(
            Bucket="plain",
            Key="rich",
            Body=b"x" * 100_000,
            ContentType="application/json",
            CacheControl="no-store",
            Metadata={"my_key": "value"},
            Tagging="a=1&b=2",
            StorageClass="STANDARD_IA",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId="arn:aws:kms:us-east-1:123456789012:key/k",
            ChecksumAlgorithm="SHA256",
            ACL="public-read",
        )
        s3.put_object(Bucket="plain", Key="empty", Body=b"")
        s3.copy_object(Bucket="plain", Key="copy", CopySource="plain/rich")
        s3.delete_object(Bucket="plain", Key="rich")
        upload = s3.create_multipart_upload(Bucket="versioned", Key="large")["UploadId"]
        parts = []
        for number, size in ((1, 5 * 1024 * 1024), (2, 10)):
            part = s3.upload_part(
                Bucket="versioned", Key="large", UploadId=upload, PartNumber=number,
                Body=bytes([number]) * size,
            )  # fmt: skip
            parts.append({"ETag": part["ETag"], "PartNumber": number})
        s3.complete_multipart_upload(
            Bucket="versioned", Key="large", UploadId=upload, MultipartUpload={"Parts": parts}
        )
        first = s3.put_object(Bucket="versioned", Key="k", Body=b"1")["VersionId"]
        s3.put_object(Bucket="versioned", Key="k", Body=b"2")
        s3.delete_object(Bucket="versioned", Key="k")
        s3.put_object_tagging(
            Bucket="versioned", Key="k", VersionId=first,
            Tagging={"TagSet": [{"Key": "old", "Value": "1"}]},
        )  # fmt: skip
        for key in ("gone", "gone too"):
            s3.put_object(Bucket="plain", Key=key, Body=b"x")
        s3.delete_objects(
            Bucket="plain", Delete={"Objects": [{"Key": "gone"}, {"Key": "gone too"}]}
        )
        doomed = s3.put_object(Bucket="versioned", Key="doomed", Body=b"")["VersionId"]
        s3.delete_object(Bucket="versioned", Key="doomed", VersionId=doomed)
        before = {bucket: _seen(s3, bucket) for bucket in ("plain", "versioned")}
    with process.start(state=tmp_path / "state") as server:
        s3 = _client(server, "s3")
        assert {bucket: _seen(s3, bucket) for bucket in ("plain", "versioned")} == before
        assert [key["Key"] for key in before["plain"]["keys"]] == [
            "a/b ü+%20.json",
            "copy",
            "empty",
        ]
        marker = before["versioned"]["markers"][0]["VersionId"]
        s3.delete_object(Bucket="versioned", Key="k", VersionId=marker)
        assert s3.get_object(Bucket="versioned", Key="k")["Body"].read() == b"2"


def test_bucket_configuration_comes_back(tmp_path: Path) -> None:
    """Each configuration of a bucket is as it was put; a deleted bucket stays deleted."""
    asked = (
        "accelerate_configuration", "acl", "cors", "encryption", "lifecycle_configuration",
        "location", "logging", "notification_configuration", "ownership_controls", "policy",
        "tagging", "versioning", "website",
    )  # fmt: skip

    def configuration(s3: Any) -> dict[str, Any]:
        seen = {
            name: _drop_volatile(getattr(s3, f"get_bucket_{name}")(Bucket="conf")) for name in asked
        }
        seen["block"] = _drop_volatile(s3.get_public_access_block(Bucket="conf"))
        seen["buckets"] = s3.list_buckets()["Buckets"]
        return seen

    with _killed_afterwards(tmp_path) as server:
        s3 = _client(server, "s3")
        for bucket in ("conf", "logs", "gone"):
            s3.create_bucket(Bucket=bucket)
        s3.delete_bucket(Bucket="gone")
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket="conf", ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_bucket_acl(Bucket="logs", ACL="log-delivery-write")
        s3.put_bucket_logging(
            Bucket="conf",
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p/"}},
        )
        s3.put_bucket_versioning(Bucket="conf", VersioningConfiguration={"Status": "Enabled"})
        s3.put_public_access_block(
            Bucket="conf", PublicAccessBlockConfiguration={"BlockPublicAcls": True}
        )
        s3.put_bucket_ownership_controls(
            Bucket="conf", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
        s3.put_bucket_policy(
            Bucket="conf",
            Policy='{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",'
            ' "Resource": "arn:aws:s3:::conf/no/*"}}',
        )
        s3.put_bucket_tagging(Bucket="conf", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        s3.put_bucket_cors(
            Bucket="conf",
            CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        )
        s3.put_bucket_accelerate_configuration(
            Bucket="conf", AccelerateConfiguration={"Status": "Enabled"}
        )
        s3.put_bucket_website(
            Bucket="conf", WebsiteConfiguration={"IndexDocument": {"Suffix": "i.html"}}
        )
        s3.put_bucket_lifecycle_configuration(
            Bucket="conf",
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "r",
                        "Status": "Enabled",
                        "Filter": {"Prefix": "x"},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
        )
        before = configuration(s3)
    with process.start(state=tmp_path) as server:
        s3 = _client(server, "s3")
        assert configuration(s3) == before
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket="conf", Key="no/x", Body=b"")


def test_every_acknowledged_put_survives_kill_9(tmp_path: Path) -> None:
    """A kill in the middle of a stream of uploads loses none that was answered, adds no half."""
    acknowledged: dict[str, tuple[str, str]] = {}
    enough = threading.Event()
    server = process.start(state=tmp_path)
    s3 = _client(server, "s3")
    s3.create_bucket(Bucket="bkt")
    s3.put_bucket_versioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})

    def upload(writer: int) -> None:
        for number in range(10_000):
            key = f"{writer}/{number}"
            try:
                reply = s3.put_object(Bucket="bkt", Key=key, Body=_body(key))
            except (BotoCoreError, ClientError):
                return
            acknowledged[key] = (reply["ETag"], reply["VersionId"])
            if len(acknowledged) >= 150:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(upload, writer) for writer in range(8)]
        assert enough.wait(60)
        times = {key["Key"]: key["LastModified"] for key in _list(s3)}
        os.kill(server.pid, 9)
        for writer in writers:
            writer.result()
    server.close()
    with process.start(state=tmp_path) as server:
        s3 = _client(server, "s3")
        found = {version["Key"]: version for version in _list_versions(s3)}
        assert acknowledged.keys() <= found.keys()
        for key, (etag, version) in acknowledged.items():
            assert (found[key]["ETag"], found[key]["VersionId"]) == (etag, version)
        for key, time in times.items():
            assert found[key]["LastModified"] == time
        for key in found:
            assert s3.get_object(Bucket="bkt", Key=key)["Body"].read() == _body(key)
        large = [key for key in found if len(_body(key)) > SMALL]
        assert large
        assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == len(
            large
        )


def _body(key: str) -> bytes:
    """Content for a key: small for even numbers, and large enough for a file for odd ones."""
    return key.encode() * (SMALL if key[-1] in "13579" else 100)


def _list(s3: Any) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bkt")
    return [key for page in pages for key in page.get("Contents", [])]


def _list_versions(s3: Any) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="bkt")
    return [version for page in pages for version in page.get("Versions", [])]


def test_other_services_come_back(tmp_path: Path) -> None:
    """Glue, Athena, IAM, KMS, SSM, logs, SNS, events, EC2, alarms: all as they were."""

    def seen(server: process.Server) -> dict[str, Any]:
        calls: list[tuple[str, str, dict[str, Any]]] = [
            ("glue", "get_database", {"Name": "db"}),
            ("athena", "list_data_catalogs", {}),
            ("iam", "get_role", {"RoleName": "r"}),
            ("kms", "list_keys", {}),
            ("ssm", "get_parameter", {"Name": "/p", "WithDecryption": True}),
            ("logs", "describe_log_groups", {}),
            ("sns", "list_topics", {}),
            ("events", "describe_rule", {"Name": "rule"}),
            ("ec2", "describe_vpcs", {}),
            ("cloudwatch", "describe_alarms", {}),
        ]
        return {
            name: _drop_volatile(getattr(_client(server, name), call)(**arguments))
            for name, call, arguments in calls
        }

    with _killed_afterwards(tmp_path) as server:
        _client(server, "glue").create_database(DatabaseInput={"Name": "db"})
        _client(server, "athena").create_work_group(Name="wg")
        _client(server, "iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        kms = _client(server, "kms")
        symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
        signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        secret = kms.encrypt(KeyId=symmetric, Plaintext=b"secret")["CiphertextBlob"]
        public = kms.get_public_key(KeyId=signing)["PublicKey"]
        _client(server, "ssm").put_parameter(Name="/p", Value="v", Type="SecureString")
        _client(server, "logs").create_log_group(logGroupName="g")
        _client(server, "sns").create_topic(Name="t")
        _client(server, "events").put_rule(Name="rule", ScheduleExpression="rate(1 day)")
        _client(server, "ec2").create_vpc(CidrBlock="10.9.0.0/16")
        _client(server, "cloudwatch").put_metric_alarm(
            AlarmName="a", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1,
            Statistic="Sum", Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        before = seen(server)
    with _killed_afterwards(tmp_path) as server:
        assert seen(server) == before
        kms = _client(server, "kms")
        assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
        assert kms.get_public_key(KeyId=signing)["PublicKey"] == public
        _client(server, "ssm").put_parameter(Name="/q", Value="w", Type="String")
        _client(server, "sns").delete_topic(TopicArn=before["sns"]["Topics"][0]["TopicArn"])
    with process.start(state=tmp_path) as server:
        assert _client(server, "ssm").get_parameter(Name="/q")["Parameter"]["Value"] == "w"
        assert _client(server, "sns").list_topics()["Topics"] == []


def test_a_run_that_was_cut_short_is_failed(tmp_path: Path) -> None:
    """Work under way when the process was killed is settled; a clean stop settles it too."""
    with _killed_afterwards(tmp_path) as server:
        s3, glue = _client(server, "s3"), _client(server, "glue")
        s3.create_bucket(Bucket="scripts")
        s3.put_object(Bucket="scripts", Key="j.py", Body=b"import time; time.sleep(600)")
        command = {"Name": "glueetl", "ScriptLocation": "s3://scripts/j.py"}
        glue.create_job(Name="j", Role="r", Command=command, GlueVersion="5.0")
        killed = glue.start_job_run(JobName="j")["JobRunId"]
    with process.start(state=tmp_path) as server:
        glue = _client(server, "glue")
        run = glue.get_job_run(JobName="j", RunId=killed)["JobRun"]
        assert run["JobRunState"] == "FAILED"
        assert "localaws stopped" in run["ErrorMessage"]
        stopped = glue.start_job_run(JobName="j")["JobRunId"]
    assert server.log() == ""
    with process.start(state=tmp_path) as server:
        run = _client(server, "glue").get_job_run(JobName="j", RunId=stopped)["JobRun"]
        assert run["JobRunState"] not in {"STARTING", "RUNNING", "SUCCEEDED"}


def test_a_folder_serves_one_process_at_a_time(tmp_path: Path) -> None:
    """A second server on the same folder is refused by name; after the first, it starts."""
    with (
        process.start(state=tmp_path),
        pytest.raises(errors.StateInUseError, match=str(tmp_path)),
    ):
        process.start(state=tmp_path)
    process.start(state=tmp_path).close()


def test_the_folder_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine may read the state."""
    process.start(state=tmp_path / "new" / "state").close()
    folder = tmp_path / "new" / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "localaws.db").stat().st_mode) == 0o600


def test_what_cannot_be_a_state_folder_is_refused(tmp_path: Path) -> None:
    """A file, a foreign database and another format are named, and left as they are."""
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(errors.StateError, match="is a file"):
        process.start(state=file)
    with pytest.raises(errors.StateError, match="is a file or lies below one"):
        process.start(state=file / "below")
    assert file.read_text() == "mine"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "localaws.db").write_text("not a database, and long enough to be seen as none")
    with pytest.raises(errors.StateFormatError, match="is no database of localaws"):
        process.start(state=foreign)
    newer = tmp_path / "newer"
    process.start(state=newer).close()
    database = sqlite3.connect(newer / "localaws.db")
    database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    database.close()
    with pytest.raises(errors.StateFormatError, match=f"has format {FORMAT + 1}"):
        process.start(state=newer)
    older = tmp_path / "older"
    process.start(state=older).close()
    database = sqlite3.connect(older / "localaws.db")
    database.execute("UPDATE about SET moto = '4.0.0'")
    database.commit()
    database.close()
    with pytest.raises(errors.StateFormatError, match=r"written with moto 4\.0\.0"):
        process.start(state=older)


def test_an_unwritable_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be written to is named with the reason (also for root, who may)."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(errors.StateError, match=f"{tmp_path}: Permission denied; give one"):
        HeldFolder(tmp_path)
