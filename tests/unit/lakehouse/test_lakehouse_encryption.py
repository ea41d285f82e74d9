"""One key for everything, and nothing that goes round it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse import key_policy
from lakehouse.account import Account
from lakehouse.errors import ConfigError
from lakehouse.naming import ACCESS_LOGS, ZONES, Names
from tests.unit.lakehouse.settings import PROD

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ENCRYPTION = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def keys_in(inputs: Any) -> set[str]:
    """Every value under a name that says KMS key, at any depth."""
    if isinstance(inputs, list):
        return set().union(*map(keys_in, inputs))
    if not isinstance(inputs, dict):
        return set()
    named = {"kmsKeyArn", "kmsKeyId", "kmsMasterKeyId"}
    here = {str(value) for name, value in inputs.items() if name in named and value is not None}
    return here.union(*map(keys_in, inputs.values()))


def test_the_key_rotates_and_its_deletion_takes_as_long_as_it_can(dev: Any) -> None:
    """An alias makes it findable; thirty days to change one's mind."""
    (key,) = dev.of_type("kms/key:Key").values()
    assert key["enableKeyRotation"] is True
    assert key["deletionWindowInDays"] == 30
    (alias,) = dev.of_type("kms/alias:Alias").values()
    assert alias["name"] == "alias/music-dev"


def test_everything_is_under_the_one_key(dev: Any) -> None:
    """Buckets, code, logs, bookmarks, query results: no second key, none of AWS's."""
    used = {urn: keys_in(inputs) for urn, inputs in dev.resources.items()}
    assert set().union(*used.values()) == {dev.outputs["kms_key_arn"]}
    types = {dev.resources[urn]["type"] for urn, keys in used.items() if keys}
    assert {
        f"aws:{ENCRYPTION}",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:glue/securityConfiguration:SecurityConfiguration",
        "aws:athena/workgroup:Workgroup",
    } <= types


def test_a_given_key_is_used_and_none_is_made(declare: Callable[..., Any]) -> None:
    """Some accounts manage their keys in one place."""
    declared = declare({"lakehouse:kmsKeyArn": GIVEN})
    assert not declared.of_type("kms/key:Key")
    assert not declared.of_type("kms/alias:Alias")
    assert declared.outputs["kms_key_arn"] == GIVEN
    assert set().union(*map(keys_in, declared.resources.values())) == {GIVEN}


@pytest.mark.parametrize("arn", [GIVEN.replace("eu-west-1", "us-east-1"), "alias/music", "x"])
def test_a_key_that_cannot_be_used_is_refused(declare: Callable[..., Any], arn: str) -> None:
    """A key of another region, an alias or anything else is told before anything is made."""
    with pytest.raises(ConfigError, match="lakehouse:kmsKeyArn"):
        declare({"lakehouse:kmsKeyArn": arn})


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, ["cannot be looked up", "NotFoundException", "kms:DescribeKey"]),
        ({GIVEN: {"keyState": "Disabled"}}, ["the state Disabled", "aws kms enable-key"]),
        ({GIVEN: {"keyState": "PendingDeletion"}}, ["PendingDeletion", "cancel-key-deletion"]),
        ({GIVEN: {"keyState": "PendingImport"}}, ["PendingImport", "import its material"]),
        ({GIVEN: {"keyState": "Enabled", "keySpec": "RSA_2048"}}, ["RSA_2048", "SYMMETRIC"]),
    ],
)
def test_a_key_that_cannot_encrypt_is_told_before_anything_is_made(
    declare: Callable[..., Any], keys: dict[str, Any], told: list[str]
) -> None:
    """Otherwise an update would fail in its middle, after the first buckets."""
    made: dict[str, Any] = {}
    with pytest.raises(ConfigError) as caught:
        declare({"lakehouse:kmsKeyArn": GIVEN}, keys=keys, resources=made)
    for part in (f"lakehouse:kmsKeyArn = '{GIVEN}'", *told, "Pulumi.dev.yaml"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not made


def test_every_bucket_but_the_log_bucket_encrypts_with_a_bucket_key(dev: Any) -> None:
    """S3 delivers no access logs to a bucket with a key, and says nothing about it."""
    for zone, inputs in dev.of_type(ENCRYPTION).items():
        (rule,) = inputs["rules"]
        default = rule["applyServerSideEncryptionByDefault"]
        if zone == ACCESS_LOGS:
            assert default == {"sseAlgorithm": "AES256"}
        else:
            assert default["sseAlgorithm"] == "aws:kms"
            assert default["kmsMasterKeyId"] == dev.outputs["kms_key_arn"]
            assert rule["bucketKeyEnabled"] is True
    assert dev.of_type(ENCRYPTION).keys() == set(ZONES)


def test_no_bucket_denies_a_put_without_encryption_headers(dev: Any) -> None:
    """S3 looks at the policy before it applies the default: such a Deny would bar every plain put.

    What the statements do to real requests is tested on localaws.
    """
    for zone, inputs in dev.of_type("s3/bucketPolicy:BucketPolicy").items():
        denials = {
            statement["Sid"]: statement["Condition"]
            for statement in json.loads(inputs["policy"])["Statement"]
            if statement["Effect"] == "Deny" and statement["Sid"] != "TlsOnly"
        }
        assert len(denials) == (0 if zone == ACCESS_LOGS else 4)
        for condition in denials.values():
            assert "false" in condition["Null"].values(), "no header, no refusal"


def test_the_key_policy_names_no_role(names: Names) -> None:
    """The account is given the key, services are let in on its behalf alone."""
    statements = key_policy.document(names, budget=True)["Statement"]
    principals = [statement["Principal"] for statement in statements]
    assert principals[0] == {"AWS": "arn:aws:iam::123456789012:root"}
    services = {principal["Service"] for principal in principals[1:]}
    assert services == {
        "logs.eu-west-1.amazonaws.com",
        "events.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "budgets.amazonaws.com",
    }
    for statement in statements[1:]:
        assert "123456789012" in json.dumps(statement["Condition"])
        assert statement["Action"] != "kms:*"


def test_budgets_are_let_in_only_where_there_is_one(declare: Callable[..., Any], dev: Any) -> None:
    """The key of a stack without a budget has no business with that service."""
    with_one = declare({"lakehouse:monthlyBudgetUsd": "100"})
    for declared, expected in ((dev, False), (with_one, True)):
        (key,) = declared.of_type("kms/key:Key").values()
        assert ("budgets.amazonaws.com" in key["policy"]) is expected


def test_the_log_service_has_its_own_name_in_china() -> None:
    """Its principal is the one that has the region in it."""
    names = Names("music", "dev", Account("123456789012", "aws-cn", "cn-north-1"))
    assert names.logs_service == "logs.cn-north-1.amazonaws.com.cn"
    assert names.s3_service == "s3.cn-north-1.amazonaws.com.cn"


def test_glue_encrypts_logs_bookmarks_and_files(dev: Any) -> None:
    """Job and crawler carry the one configuration (AwsSolutions-GL1, GL3)."""
    (configuration,) = dev.of_type("glue/securityConfiguration:SecurityConfiguration").values()
    key = {"kmsKeyArn": dev.outputs["kms_key_arn"]}
    assert configuration["encryptionConfiguration"] == {
        "cloudwatchEncryption": {"cloudwatchEncryptionMode": "SSE-KMS", **key},
        "jobBookmarksEncryption": {"jobBookmarksEncryptionMode": "CSE-KMS", **key},
        "s3Encryption": {"s3EncryptionMode": "SSE-KMS", **key},
    }
    for kind in ("glue/job:Job", "glue/crawler:Crawler"):
        (made,) = dev.of_type(kind).values()
        assert made["securityConfiguration"] == configuration["name"]


def test_log_groups_have_the_names_that_glue_writes_to(dev: Any) -> None:
    """Under any other name they would stay empty, and Glue would make its own without an end."""
    groups = [
        group
        for group in dev.of_type("cloudwatch/logGroup:LogGroup").values()
        if group["name"].startswith("/aws-glue")
    ]
    assert {group["name"] for group in groups} == {
        "/aws-glue/jobs/music-dev-role/music-dev-job/output",
        "/aws-glue/jobs/music-dev-role/music-dev-job/error",
        "/aws-glue/crawlers-role/music-dev-crawler-music-dev",
    }
    assert set(dev.outputs["log_groups"].values()) == {group["name"] for group in groups}
    assert {group["retentionInDays"] for group in groups} == {30}
    assert all("path" not in role for role in dev.of_type("iam/role:Role").values())


def test_logs_are_kept_for_a_year_in_production(declare: Callable[..., Any]) -> None:
    """By default, and as the least that is accepted."""
    groups = declare(PROD).of_type("cloudwatch/logGroup:LogGroup").values()
    assert {group["retentionInDays"] for group in groups} == {365}
    with pytest.raises(ConfigError, match="logRetentionDays = 180 is not allowed in prod"):
        declare({**PROD, "lakehouse:logRetentionDays": "180"})
    with pytest.raises(ConfigError, match=r"logRetentionDays = '31' is not allowed: give 1, 3"):
        declare({"lakehouse:logRetentionDays": "31"})
