"""With a state folder, everything that was acknowledged outlives the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localaws import process
from tests.local.single_attempt import client_of
from tests.local.state_servers import killed_afterwards

if TYPE_CHECKING:
    from pathlib import Path


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
    with killed_afterwards(tmp_path / "state") as server:
        s3 = client_of(server, "s3")
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
        s3 = client_of(server, "s3")
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

    with killed_afterwards(tmp_path) as server:
        s3 = client_of(server, "s3")
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
        s3 = client_of(server, "s3")
        assert configuration(s3) == before
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket="conf", Key="no/x", Body=b"")


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
            name: _drop_volatile(getattr(client_of(server, name), call)(**arguments))
            for name, call, arguments in calls
        }

    with killed_afterwards(tmp_path) as server:
        client_of(server, "glue").create_database(DatabaseInput={"Name": "db"})
        client_of(server, "athena").create_work_group(Name="wg")
        client_of(server, "iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        kms = client_of(server, "kms")
        symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
        signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        secret = kms.encrypt(KeyId=symmetric, Plaintext=b"secret")["CiphertextBlob"]
        public = kms.get_public_key(KeyId=signing)["PublicKey"]
        client_of(server, "ssm").put_parameter(Name="/p", Value="v", Type="SecureString")
        client_of(server, "logs").create_log_group(logGroupName="g")
        client_of(server, "sns").create_topic(Name="t")
        client_of(server, "events").put_rule(Name="rule", ScheduleExpression="rate(1 day)")
        client_of(server, "ec2").create_vpc(CidrBlock="10.9.0.0/16")
        client_of(server, "cloudwatch").put_metric_alarm(
            AlarmName="a", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1,
            Statistic="Sum", Threshold=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        before = seen(server)
    with killed_afterwards(tmp_path) as server:
        assert seen(server) == before
        kms = client_of(server, "kms")
        assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
        assert kms.get_public_key(KeyId=signing)["PublicKey"] == public
        client_of(server, "ssm").put_parameter(Name="/q", Value="w", Type="String")
        client_of(server, "sns").delete_topic(TopicArn=before["sns"]["Topics"][0]["TopicArn"])
    with process.start(state=tmp_path) as server:
        assert client_of(server, "ssm").get_parameter(Name="/q")["Parameter"]["Value"] == "w"
        assert client_of(server, "sns").list_topics()["Topics"] == []
