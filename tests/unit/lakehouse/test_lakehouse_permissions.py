"""Permissions: each actor can do its work, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse import policies
from lakehouse.statements import use_key
from spark.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakehouse.naming import Names

ACTORS = ("job", "crawler", "operator")


def can(document: dict[str, Any], action: str, resource: str) -> bool:
    """Whether an identity policy of Allow statements lets an action pass on a resource."""
    return any(
        any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in document["Statement"]
    )


@pytest.fixture
def documents(names: Names) -> dict[str, dict[str, Any]]:
    """Each actor's policy."""
    return {
        "job": policies.job_policy(names),
        "crawler": policies.crawler_policy(names, TABLE_NAMES),
        "operator": policies.operator_policy(names),
    }


@pytest.mark.parametrize(
    "work",
    [
        ("job", "s3:GetObject", "landing-zone", "song-data/a.json"),
        ("job", "s3:ListBucket", "landing-zone", ""),
        ("job", "s3:GetObject", "aws-glue-scripts", "abc/job.py"),
        ("job", "s3:PutObject", "bronze", "songs/_delta_log/0.json"),
        ("job", "s3:DeleteObject", "bronze", "songs/part-0.parquet"),
        ("job", "s3:PutObject", "processing-zone", "runs/1/part-0.parquet"),
        ("crawler", "s3:GetObject", "bronze", "songs/_delta_log/0.json"),
        ("crawler", "s3:ListBucket", "bronze", ""),
        ("operator", "s3:PutObject", "landing-zone", "song-data/a.json"),
        ("operator", "s3:GetObject", "bronze", "songs/part-0.parquet"),
        ("operator", "s3:GetObject", "processing-zone", "reports/1.json"),
        ("operator", "s3:PutObject", "query-results", "1.csv"),
        ("operator", "s3:GetObject", "query-results", "1.csv"),
    ],
)
def test_an_actor_can_reach_the_objects_it_works_on(
    names: Names, documents: dict[str, Any], work: tuple[str, str, str, str]
) -> None:
    """Without these its work fails."""
    actor, action, zone, path = work
    assert can(documents[actor], action, names.bucket_arn(zone, path))


@pytest.mark.parametrize(
    "work",
    [
        ("job", "s3:PutObject", "landing-zone", "song-data/a.json"),
        ("job", "s3:DeleteObject", "landing-zone", "song-data/a.json"),
        ("job", "s3:PutObject", "aws-glue-scripts", "abc/job.py"),
        ("job", "s3:PutObject", "gold", "x"),
        ("job", "s3:DeleteObjectVersion", "bronze", "songs/part-0.parquet"),
        ("crawler", "s3:DeleteObject", "bronze", "songs/part-0.parquet"),
        ("crawler", "s3:GetObject", "bronze", "elsewhere/part-0.parquet"),
        ("crawler", "s3:GetObject", "landing-zone", "a.json"),
        ("operator", "s3:PutObject", "bronze", "songs/part-0.parquet"),
        ("operator", "s3:DeleteObject", "landing-zone", "a.json"),
        ("operator", "s3:PutObject", "aws-glue-scripts", "abc/job.py"),
        ("operator", "s3:GetObject", "access-logs", "x"),
        ("operator", "s3:PutBucketPolicy", "bronze", ""),
    ],
)
def test_an_actor_cannot_reach_what_is_not_its_work(
    names: Names, documents: dict[str, Any], work: tuple[str, str, str, str]
) -> None:
    """What an actor does not need, it does not get."""
    actor, action, zone, path = work
    assert not can(documents[actor], action, names.bucket_arn(zone, path))


def test_the_operator_runs_this_job_and_crawler_and_no_other(
    names: Names, documents: dict[str, Any]
) -> None:
    """Starting is bound to the names of the stack."""
    operator = documents["operator"]
    assert can(operator, "glue:StartJobRun", names.arn("glue", f"job/{names.job}"))
    assert can(operator, "glue:StartCrawler", names.arn("glue", f"crawler/{names.crawler}"))
    assert can(operator, "ssm:GetParameter", names.arn("ssm", "parameter/lakehouse/dev/outputs"))
    assert not can(operator, "glue:StartJobRun", names.arn("glue", "job/another"))
    assert not can(operator, "ssm:GetParameter", names.arn("ssm", "parameter/another"))
    assert not can(operator, "glue:UpdateJob", names.arn("glue", f"job/{names.job}"))
    assert not can(operator, "iam:PassRole", names.iam_arn(f"role/{names.role('job')}"))


@pytest.mark.parametrize("actor", ACTORS)
def test_a_wildcard_stands_only_where_no_arn_exists(documents: dict[str, Any], actor: str) -> None:
    """PutMetricData takes none, and is bound to two namespaces instead; nor does the reading of
    security configurations, which hold no secret.
    """
    for statement in documents[actor]["Statement"]:
        for action in statement["Action"]:
            assert "*" not in action
        if statement["Action"] == ["glue:GetSecurityConfiguration"]:
            assert statement["Resource"] == ["*"]
        elif "*" in statement["Resource"]:
            assert statement["Action"] == ["cloudwatch:PutMetricData"]
            namespaces = {"cloudwatch:namespace": ["Glue", "Lakehouse"]}
            assert statement["Condition"] == {"StringEquals": namespaces}
        else:
            assert all(arn.startswith("arn:aws:") for arn in statement["Resource"])


@pytest.mark.parametrize("actor", ["job", "crawler"])
def test_glue_may_be_an_actor_only_for_this_account(dev: Any, actor: str) -> None:
    """Another account's job cannot make Glue use our role (the confused deputy)."""
    (statement,) = json.loads(dev.of_type("iam/role:Role")[f"{actor}-role"]["assumeRolePolicy"])[
        "Statement"
    ]
    assert statement["Principal"] == {"Service": "glue.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_operators_are_those_named_or_those_the_account_lets_in(
    declare: Callable[..., Any], dev: Any
) -> None:
    """Named principals replace the account's root, which is the default outside production."""
    arn = "arn:aws:iam::123456789012:role/team"
    named = declare({"lakehouse:operatorPrincipals": json.dumps([arn])})
    for declared, expected in [(dev, "arn:aws:iam::123456789012:root"), (named, arn)]:
        trust = declared.of_type("iam/role:Role")["operator-role"]["assumeRolePolicy"]
        assert json.loads(trust)["Statement"][0]["Principal"] == {"AWS": [expected]}


@pytest.mark.parametrize("actor", ACTORS)
def test_each_actor_has_one_role_with_its_own_policy(
    declare: Callable[..., Any], names: Names, documents: dict[str, Any], actor: str
) -> None:
    """What is tested above is what is attached, with the use of the stack's key and no other; only
    a network adds to it.
    """
    dev = declare({"lakehouse:network": "none"})
    role = dev.of_type("iam/role:Role")[f"{actor}-role"]
    policy = dev.of_type("iam/rolePolicy:RolePolicy")[f"{actor}-role"]
    assert policy["role"] == role["name"] == f"music-dev-{actor}"
    uses = use_key(names, actor, dev.outputs["kms_key_arn"])
    assert all(one["Resource"] == [dev.outputs["kms_key_arn"]] for one in uses)
    assert json.loads(policy["policy"])["Statement"] == [*documents[actor]["Statement"], *uses]


def test_logs_go_to_the_groups_of_the_stack_and_nowhere_else(
    names: Names, documents: dict[str, dict[str, Any]]
) -> None:
    """Other jobs of the account have log groups beside ours, which ours has no business in."""
    job, crawler, operator = (documents[actor] for actor in ACTORS)
    output, crawls = (
        names.arn("logs", f"log-group:{names.log_groups[purpose]}")
        for purpose in ("job_output", "crawler")
    )
    stream = f"{output}:log-stream:jr_1"
    assert can(job, "logs:PutLogEvents", stream)
    assert can(job, "logs:AssociateKmsKey", output)
    assert can(operator, "logs:GetLogEvents", stream)
    assert can(crawler, "logs:CreateLogStream", f"{crawls}:*")
    assert not can(job, "logs:PutLogEvents", f"{crawls}:log-stream:x")
    assert not can(crawler, "logs:PutLogEvents", stream)
    assert not can(job, "logs:PutLogEvents", names.arn("logs", "log-group:/aws-glue/jobs/output:*"))
