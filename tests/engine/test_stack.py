"""The lakehouse on the real Pulumi engine: up, up again, change, protect, destroy."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation

from pipeline.deletion import require_both_keys
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]


KEPT_OF_A_JOB = {
    "Command",
    "Connections",
    "DefaultArguments",
    "Description",
    "ExecutionClass",
    "ExecutionProperty",
    "GlueVersion",
    "JobRunQueuingEnabled",
    "MaxRetries",
    "NumberOfWorkers",
    "Role",
    "SecurityConfiguration",
    "WorkerType",
}
"""What an update of a job has to repeat: what it does not name goes back to its default."""


def status_of_the_repository() -> str:
    """What git finds changed."""
    return subprocess.run(
        ["git", "status", "--porcelain", "--", "Pulumi.yaml", "Pulumi.*.yaml"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def left_on_aws(client: Callable[[str], Any], prefix: str) -> dict[str, list[str]]:
    """Everything on the server whose name holds the prefix, by kind."""
    found = {
        "buckets": [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]],
        "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
        "jobs": [job["Name"] for job in client("glue").get_jobs()["Jobs"]],
        "crawlers": [crawler["Name"] for crawler in client("glue").get_crawlers()["Crawlers"]],
        "databases": [
            database["Name"].replace("_", "-")
            for database in client("glue").get_databases()["DatabaseList"]
        ],
        "workgroups": [
            group["Name"] for group in client("athena").list_work_groups()["WorkGroups"]
        ],
        "keys": [
            alias["AliasName"]
            for alias in client("kms").list_aliases()["Aliases"]
            if client("kms").describe_key(KeyId=alias["AliasName"])["KeyMetadata"]["Enabled"]
        ],
        "security configurations": [
            configuration["Name"]
            for configuration in client("glue").get_security_configurations()[
                "SecurityConfigurations"
            ]
        ],
        "log groups": [
            group["logGroupName"]
            for group in client("logs").describe_log_groups(limit=50)["logGroups"]
        ],
        "workflows": client("glue").list_workflows()["Workflows"],
        "triggers": client("glue").list_triggers()["TriggerNames"],
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "subscriptions": [
            one["TopicArn"] for one in client("sns").list_subscriptions()["Subscriptions"]
        ],
        "event rules": [rule["Name"] for rule in client("events").list_rules()["Rules"]],
        "alarms": [
            alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "dashboards": [
            entry["DashboardName"]
            for entry in client("cloudwatch").list_dashboards()["DashboardEntries"]
        ],
        "parameters": [
            parameter["Name"] for parameter in client("ssm").describe_parameters()["Parameters"]
        ],
    }
    return {
        kind: [name for name in names if prefix in name]
        for kind, names in found.items()
        if any(prefix in name for name in names)
    }


def resources_of(stack: Any) -> dict[str, dict[str, Any]]:
    """What the engine keeps about each resource, by URN."""
    deployment = stack.stack.export_stack().deployment or {}
    return {resource["urn"]: resource for resource in deployment["resources"]}


def waits_for(resources: dict[str, dict[str, Any]], first: str, then: str) -> list[bool]:
    """For every resource of the one type, whether it was made after one of the other."""
    return [
        any(f"${first}::" in urn for urn in resource.get("dependencies", []))
        for urn, resource in resources.items()
        if resource["type"] == then
    ]


def change_by_hand(client: Callable[[str], Any], outputs: dict[str, Any]) -> None:
    """Delete the crawler, give the job less time, and open a bucket to the public."""
    client("glue").delete_crawler(Name=outputs["crawler_name"])
    job = client("glue").get_job(JobName=outputs["job_name"])["Job"]
    wanted = {name: value for name, value in job.items() if name in KEPT_OF_A_JOB}
    client("glue").update_job(JobName=job["Name"], JobUpdate={**wanted, "Timeout": 5})
    client("s3").put_public_access_block(
        Bucket=outputs["landing_bucket"],
        PublicAccessBlockConfiguration={"BlockPublicAcls": False, "BlockPublicPolicy": False},
    )


def closed_to_the_public(client: Callable[[str], Any], bucket: str) -> set[bool]:
    """The four settings of a bucket's public access block."""
    found = client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    return set(found.values())


def test_the_life_of_a_stack(new_stack: Callable[..., Any], client: Callable[[str], Any]) -> None:
    """Preview makes nothing, up makes everything, up again changes nothing, a setting updates one
    resource, what was changed by hand is shown and comes back, and destroy leaves nothing.
    """
    before = status_of_the_repository()
    stack = new_stack(
        **{"lakehouse:schedule": "cron(0 3 * * ? *)", "lakehouse:alerts": "true"},
        **{"lakehouse:alertEmails": ["team@example.com"]},
    )
    name = stack.stack.name

    planned = stack.preview()
    assert left_on_aws(client, name) == {}
    created = stack.up()
    assert created == planned
    assert set(created) == {"create"}
    kinds = left_on_aws(client, name)
    assert {kind: len(names) for kind, names in kinds.items()} == {
        "buckets": 9,
        "roles": 3,
        "jobs": 1,
        "crawlers": 1,
        "databases": 1,
        "workgroups": 1,
        "keys": 1,
        "security configurations": 1,
        "log groups": 3,
        "workflows": 1,
        "triggers": 2,
        "topics": 1,
        "subscriptions": 1,
        "event rules": 2,
        "alarms": 1,
        "dashboards": 1,
        "parameters": 1,
    }
    stored = client("ssm").get_parameter(Name=f"/lakehouse/{name}/outputs")["Parameter"]["Value"]
    # Pulumi leaves exports out that are null; the parameter keeps them.
    values = {key: value for key, value in json.loads(stored).items() if value is not None}
    assert values == {"version": 1, **stack.outputs()}

    made = resources_of(stack)
    # S3 takes a bucket's policy only once nobody changes its public access any more; Glue takes
    # a role only once the role may do what the job and the crawler need.
    closed = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    assert waits_for(made, closed, "aws:s3/bucketPolicy:BucketPolicy") == [True] * 9
    allowed = "aws:iam/rolePolicy:RolePolicy"
    assert waits_for(made, allowed, "aws:glue/job:Job") == [True]
    assert waits_for(made, allowed, "aws:glue/crawler:Crawler") == [True]

    assert stack.preview() == {"same": created["create"]}
    assert stack.up(refresh=True) == {"same": created["create"]}, "nothing differs on AWS"

    stack.configure({"lakehouse:jobTimeoutMinutes": "90"})
    assert stack.up() == {"same": created["create"] - 1, "update": 1}
    job = client("glue").get_job(JobName=stack.outputs()["job_name"])["Job"]
    assert job["Timeout"] == 90

    landing = stack.outputs()["landing_bucket"]
    change_by_hand(client, stack.outputs())
    assert stack.preview(refresh=True) == {"same": created["create"] - 3, "update": 2, "create": 1}
    assert stack.up(refresh=True) == {"same": created["create"] - 3, "update": 2, "create": 1}
    assert client("glue").get_job(JobName=job["Name"])["Job"]["Timeout"] == 90
    assert closed_to_the_public(client, landing) == {True}

    client("s3").put_object(Bucket=landing, Key="song-data/a.json", Body=b"{}")
    assert stack.destroy() == {"delete": created["create"]}
    assert left_on_aws(client, name) == {}
    assert status_of_the_repository() == before


def test_production_data_is_protected_by_the_engine(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """Destroying a production stack fails and leaves the data, until both keys are turned: the
    settings with an `up`, then the option of the command.
    """
    stack = new_stack(
        **{
            "lakehouse:environment": "prod",
            "lakehouse:allowDataDeletion": "false",
            "lakehouse:operatorPrincipals": ["arn:aws:iam::123456789012:role/team"],
        }
    )
    stack.up()
    bronze = stack.outputs()["bronze_bucket"]
    client("s3").put_object(Bucket=bronze, Key="songs/part-0.parquet", Body=b"data")
    for delete_data in (False, True):
        with pytest.raises(UsageError, match=r"allowDataDeletion.*--delete-data.* first is still"):
            require_both_keys(stack.stack, delete_data=delete_data)
    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert client("s3").get_object(Bucket=bronze, Key="songs/part-0.parquet")["Body"].read()
    assert client("s3").get_public_access_block(Bucket=bronze)
    kept = {
        urn.rpartition("::")[2]
        for urn, resource in resources_of(stack).items()
        if resource.get("protect") and resource.get("retainOnDelete")
        if resource["type"] in {"aws:s3/bucket:Bucket", "aws:kms/key:Key"}
    }
    assert kept == {
        "landing-zone",
        "bronze",
        "silver",
        "gold",
        "processing-zone",
        "consumer-zone",
        "access-logs",
        # The key: buckets that are kept are noise without it.
        "data",
    }

    stack.configure({"lakehouse:environment": "dev", "lakehouse:allowDataDeletion": "true"})
    stack.up()
    with pytest.raises(UsageError, match=r"--delete-data.* second is missing"):
        require_both_keys(stack.stack, delete_data=False)
    require_both_keys(stack.stack, delete_data=True)
    stack.destroy()
    assert left_on_aws(client, stack.stack.name) == {}
    require_both_keys(stack.stack, delete_data=False)


def test_a_wrong_setting_is_one_sentence_and_makes_nothing(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """The person at `up` reads what is wrong, not a traceback."""
    stack = new_stack(**{"lakehouse:workerCount": "1"})
    with pytest.raises(automation.CommandError) as caught:
        stack.up()
    told = str(caught.value)
    assert "lakehouse:workerCount = '1' is not allowed" in told
    assert "Traceback" not in told
    assert left_on_aws(client, stack.stack.name) == {}


def test_credentials_of_another_account_make_nothing(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """The account is compared before the first resource."""
    stack = new_stack(**{"aws:allowedAccountIds": ["111122223333"]})
    with pytest.raises(automation.CommandError, match="belong to account 123456789012"):
        stack.up()
    assert left_on_aws(client, stack.stack.name) == {}
