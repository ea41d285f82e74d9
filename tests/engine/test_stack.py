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
from tests.engine.there import in_network, named

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


TYPES_OF_KEPT = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"}
KEPT = {
    *("landing-zone", "bronze", "silver", "gold", "processing-zone", "consumer-zone"),
    "access-logs",
    # The key and its alias: buckets that are kept are noise without them.
    "data",
}
"""What production protects and keeps, by logical name."""

MADE_IN_PROD = {
    "buckets": 9,
    "roles": 5,
    "jobs": 1,
    "crawlers": 1,
    "databases": 1,
    "workgroups": 2,
    "keys": 1,
    "security configurations": 1,
    "log groups": 4,
    "workflows": 1,
    "triggers": 3,
    "topics": 1,
    "event rules": 2,
    "alarms": 1,
    "dashboards": 1,
    "parameters": 1,
}
"""The numbers by kind of what AWS has after an `up` of production."""

CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "local": ({"lakehouse:jobTimeoutMinutes": "90"}, {"update aws:glue/job:Job bronze"}),
    # One more zone.
    "dev": (
        {"lakehouse:availabilityZones": "2"},
        {
            "create aws:ec2/subnet:Subnet private-b",
            "create aws:ec2/routeTableAssociation:RouteTableAssociation private-b",
            "create aws:glue/connection:Connection private-b",
            *(
                f"update aws:ec2/vpcEndpoint:VpcEndpoint {service}"
                for service in ("glue", "kms", "logs", "monitoring", "sts")
            ),
            "update aws:glue/job:Job bronze",
            "update aws:iam/rolePolicy:RolePolicy crawler-role",
            "update aws:iam/rolePolicy:RolePolicy job-role",
            "update aws:ssm/parameter:Parameter outputs",
        },
    ),
    # Another hour.
    "prod": (
        {"lakehouse:schedule": "cron(0 5 * * ? *)"},
        {"update aws:glue/trigger:Trigger ingest", "update aws:ssm/parameter:Parameter outputs"},
    ),
}
"""For each stack file a change of its settings, and all that this changes."""


def live_to_the_first_change(stack: Any, client: Callable[[str], Any], file: str) -> int:
    """Preview, up, up again, refresh, a changed setting; the number of resources at the end."""
    name = stack.stack.name
    planned = stack.preview()
    assert named(client, name) == {}
    created = stack.up()
    assert created == planned
    assert set(created) == {"create"}
    unchanged = {"same": created["create"]}
    assert stack.up() == unchanged
    assert stack.preview(refresh=True) == unchanged, "AWS tells something else than was asked for"
    return change(stack, file)


def change(stack: Any, file: str) -> int:
    """Change a setting, and nothing but what depends on it; the number of resources at the end."""
    settings, expected = CHANGES[file]
    stack.configure(settings)
    changes = stack.up()
    assert stack.steps == expected
    return int(changes["same"] + len(expected))


def turn_both_keys(stack: Any, client: Callable[[str], Any]) -> None:
    """Refused at each step before the last; then nothing is left."""
    for delete_data in (False, True):
        with pytest.raises(UsageError, match=r"allowDataDeletion.*--delete-data.* first is still"):
            require_both_keys(stack.stack, delete_data=delete_data)
    stack.configure({"lakehouse:environment": "dev", "lakehouse:allowDataDeletion": "true"})
    stack.up()
    with pytest.raises(UsageError, match=r"--delete-data.* second is missing"):
        require_both_keys(stack.stack, delete_data=False)
    require_both_keys(stack.stack, delete_data=True)
    stack.destroy()
    assert named(client, stack.stack.name) == {}
    require_both_keys(stack.stack, delete_data=False)


def test_the_life_of_the_local_stack(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """Preview makes nothing, up makes everything, up again changes nothing, a setting updates one
    resource, what was changed by hand comes back, and destroy leaves nothing.
    """
    before = status_of_the_repository()
    stack = new_stack("local")
    name = stack.stack.name
    number = live_to_the_first_change(stack, client, "local")
    outputs = stack.outputs()
    stored = client("ssm").get_parameter(Name=f"/lakehouse/{name}/outputs")["Parameter"]["Value"]
    # Pulumi leaves exports out that are null; the parameter keeps them.
    values = {key: value for key, value in json.loads(stored).items() if value is not None}
    assert values == {"version": 1, **outputs}

    made = resources_of(stack)
    # S3 takes a bucket's policy only once nobody changes its public access any more; Glue takes
    # a role only once the role may do what the job and the crawler need.
    closed = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    assert waits_for(made, closed, "aws:s3/bucketPolicy:BucketPolicy") == [True] * 9
    allowed = "aws:iam/rolePolicy:RolePolicy"
    assert waits_for(made, allowed, "aws:glue/job:Job") == [True]
    assert waits_for(made, allowed, "aws:glue/crawler:Crawler") == [True]

    landing = outputs["landing_bucket"]
    change_by_hand(client, outputs)
    assert stack.up(refresh=True) == {"same": number - 3, "update": 2, "create": 1}
    assert client("glue").get_job(JobName=outputs["job_name"])["Job"]["Timeout"] == 90
    assert closed_to_the_public(client, landing) == {True}

    client("s3").put_object(Bucket=landing, Key="song-data/a.json", Body=b"{}")
    assert stack.destroy() == {"delete": number}
    assert named(client, name) == {}
    assert status_of_the_repository() == before


def test_the_life_of_dev(new_stack: Callable[..., Any], client: Callable[[str], Any]) -> None:
    """With its network: one more zone leaves the first one alone; its data takes two keys. That it
    is made as planned and stays as it is shows in test_commands.py.
    """
    stack = new_stack("dev")
    assert set(stack.up()) == {"create"}
    change(stack, "dev")
    network = stack.outputs()["network"]
    assert network["zones"] == ["us-east-1a", "us-east-1b"]
    there = in_network(client, network["vpc_id"], stack.stack.name)
    services = {"s3", "glue", "logs", "monitoring", "kms", "sts"}
    assert set(there["endpoints"]) == {f"com.amazonaws.us-east-1.{each}" for each in services}
    assert len(there["groups"]) == 3
    job = client("glue").get_job(JobName=stack.outputs()["job_name"])["Job"]
    assert job["Connections"] == {"Connections": network["connections"]}
    landing = stack.outputs()["landing_bucket"]
    client("s3").put_object(Bucket=landing, Key="song-data/a.json", Body=b"{}")
    turn_both_keys(stack, client)
    assert in_network(client, network["vpc_id"], stack.stack.name) == {}


def test_the_life_of_prod(new_stack: Callable[..., Any], client: Callable[[str], Any]) -> None:
    """The engine refuses to replace and to delete its data, until both keys are turned."""
    stack = new_stack("prod")
    live_to_the_first_change(stack, client, "prod")
    counted = {kind: len(names) for kind, names in named(client, stack.stack.name).items()}
    assert counted == MADE_IN_PROD
    vpc = stack.outputs()["network"]["vpc_id"]
    kept = {
        urn.rpartition("::")[2]
        for urn, resource in resources_of(stack).items()
        if resource.get("protect") and resource.get("retainOnDelete")
        if resource["type"] in TYPES_OF_KEPT
    }
    assert kept == KEPT
    bronze = stack.outputs()["bronze_bucket"]
    part = {"Bucket": bronze, "Key": "songs/part-0.parquet"}
    client("s3").put_object(**part, Body=b"data")

    stack.configure({"lakehouse:prefix": "other"})
    refused = r"(?s)unable to replace resource .*marked for protection"
    with pytest.raises(automation.CommandError, match=refused):
        stack.up()
    buckets = named(client, stack.stack.name)["buckets"]
    assert {name for name in buckets if name.startswith("music-")} >= {bronze}
    assert client("s3").get_object(**part)["Body"].read() == b"data"
    stack.configure({"lakehouse:prefix": "music"})

    with pytest.raises(automation.CommandError, match="protected"):
        stack.destroy()
    assert client("s3").get_object(**part)["Body"].read() == b"data"
    assert closed_to_the_public(client, bronze) == {True}
    turn_both_keys(stack, client)
    assert in_network(client, vpc, stack.stack.name) == {}


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
    assert named(client, stack.stack.name) == {}


def test_credentials_of_another_account_make_nothing(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """The account is compared before the first resource."""
    stack = new_stack(**{"aws:allowedAccountIds": ["111122223333"]})
    with pytest.raises(automation.CommandError, match="belong to account 123456789012"):
        stack.up()
    assert named(client, stack.stack.name) == {}
