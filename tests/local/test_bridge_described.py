"""Whatever provisioning made, AWS describes as the program asked for it, property by property."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bootstrap.program import program as bootstrap
from lakehouse.program import program as lakehouse
from localaws import process
from localaws.bridge import provision, stack_config
from localaws.bridge.clients import Clients
from localaws.bridge.described import UNREADABLE, as_asked, describe
from localaws.bridge.resource_type import changed
from localaws.bridge.resources import TYPES, resource_type
from localaws.bridge.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from localaws.bridge.resource_type import Properties
    from localaws.bridge.state import Resource

ROOT = Path(__file__).resolve().parents[2]
STACKS: dict[str, dict[str, str]] = {
    "dev": {},
    # Between them the stacks and the bootstrap make a resource of every type.
    "prod": {
        "lakehouse:lakeFormation": "grants",
        "lakehouse:alertEmails": '["team@example.com"]',
        "lakehouse:monthlyBudgetUsd": "50",
        "lakehouse:permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    },
    "local": {},
    "account": {},
}
BOOTSTRAP = "account"
"""Not a stack of the lakehouse: what is made once per account."""
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass
class Made:
    """A stack that was provisioned, and a way to look at it and to provision it again."""

    clients: Clients
    file: Path
    up: Callable[[], dict[str, Any]]
    at_first: dict[str, tuple[Resource, Properties | None]] = field(default_factory=dict)
    """What AWS told when the stack was new."""

    def look(self) -> dict[str, tuple[Resource, Properties | None]]:
        """Every resource of the state by URN, and what AWS tells of it now."""
        return {
            urn: (one, describe(self.clients, one.type, one.id, one.inputs))
            for urn, one in State.load(self.file).resources.items()
        }


def differences(
    seen: Mapping[str, tuple[Resource, Properties | None]],
) -> set[tuple[str, str, str]]:
    """Type, logical name and property of all that AWS tells otherwise than it was asked."""
    found = set()
    for urn, (one, there) in seen.items():
        kind, name = one.type.rpartition(":")[2], urn.rpartition("::")[2]
        if there is None:
            found.add((kind, name, "gone"))
            continue
        differing = changed(as_asked(one.type, one.inputs, there), one.inputs)
        found |= {(kind, name, property_) for property_ in differing}
    return found


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Made]]:
    """The three stacks and the bootstrap side by side on one server."""
    folder = tmp_path_factory.mktemp("states")
    with process.start() as server:
        clients = Clients(server.endpoint, "us-east-1")

        def make(stack: str, settings: dict[str, str]) -> Made:
            once = stack == BOOTSTRAP
            where = ROOT / "bootstrap" if once else ROOT
            config = {**stack_config(where / f"Pulumi.{stack}.yaml"), **settings}
            config["aws:allowedAccountIds"] = '["123456789012"]'

            def up() -> dict[str, Any]:
                return provision(
                    bootstrap if once else lakehouse,
                    project="lakehouse",
                    stack=stack,
                    config=config,
                    endpoint=server.endpoint,
                    region="us-east-1",
                    state=folder / f"{stack}.json",
                )

            up()
            made = Made(clients, folder / f"{stack}.json", up)
            made.at_first.update(made.look())
            return made

        yield {stack: make(stack, settings) for stack, settings in STACKS.items()}
        clients.close()


def test_every_property_of_every_resource_comes_back(stacks: dict[str, Made]) -> None:
    """Nothing that the program asks for is dropped or changed on its way, in any of the stacks,
    and no type goes unlooked at.
    """
    assert {stack: differences(made.at_first) for stack, made in stacks.items()} == {
        "dev": set(),
        "prod": set(),
        "local": set(),
        "account": set(),
    }
    seen = {one.type for made in stacks.values() for one, _ in made.at_first.values()}
    assert seen == set(TYPES)


def test_what_cannot_be_read_back_is_what_the_table_says(stacks: dict[str, Made]) -> None:
    """An input that no call answers with is in the table; one that is answered is not."""
    silent: dict[str, set[str]] = {}
    for one, found in (seen for made in stacks.values() for seen in made.at_first.values()):
        assert found is not None
        defaults = resource_type(one.type).defaults
        asked = {
            name
            for name, value in one.inputs.items()
            if value not in EMPTY and value != defaults.get(name)
        }
        told = {name for name, value in found.items() if value not in EMPTY}
        silent.setdefault(one.type, set()).update(asked - told - {"tags"})
    assert {kind: names for kind, names in silent.items() if names} == {
        kind: set(reasons) for kind, reasons in UNREADABLE.items()
    }
    assert all(reason for reasons in UNREADABLE.values() for reason in reasons.values())


def test_what_was_changed_by_hand_is_seen_and_changed_back(stacks: dict[str, Made]) -> None:
    """Each change shows as the property that it concerns, and the next run leaves none."""
    made = stacks["dev"]
    outputs, client = made.up(), made.clients
    landing, bronze, job = outputs["landing_bucket"], outputs["bronze_bucket"], outputs["job_name"]
    network = outputs["network"]

    client("s3").delete_public_access_block(Bucket=landing)
    client("s3").put_bucket_versioning(
        Bucket=bronze, VersioningConfiguration={"Status": "Suspended"}
    )
    client("s3").put_bucket_tagging(Bucket=bronze, Tagging={"TagSet": []})
    asked = client("glue").get_job(JobName=job)["Job"]
    client("glue").update_job(
        JobName=job, JobUpdate={"Role": asked["Role"], "Command": asked["Command"], "Timeout": 7}
    )
    client("glue").update_crawler(Name=outputs["crawler_name"], Schedule="cron(0 1 * * ? *)")
    client("iam").put_role_permissions_boundary(
        RoleName="music-dev-job", PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    client("iam").put_role_policy(
        RoleName="music-dev-job",
        PolicyName="access",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anything]}),
    )
    client("kms").disable_key_rotation(KeyId=outputs["kms_key_arn"])
    group = outputs["log_groups"]["crawler"]
    client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    client("athena").update_work_group(
        WorkGroup=outputs["workgroup_name"],
        ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10**12},
    )
    client("ec2").modify_vpc_attribute(VpcId=network["vpc_id"], EnableDnsHostnames={"Value": False})
    in_vpc = [
        {"Name": "vpc-id", "Values": [network["vpc_id"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    (default,) = client("ec2").describe_security_groups(Filters=in_vpc)["SecurityGroups"]
    client("ec2").authorize_security_group_ingress(
        GroupId=default["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    client("events").disable_rule(Name="music-dev-job-failed")
    client("cloudwatch").put_dashboard(DashboardName="music-dev", DashboardBody='{"widgets": []}')
    client("ssm").put_parameter(
        Name="/lakehouse/dev/outputs", Value="{}", Type="String", Overwrite=True
    )

    assert differences(made.look()) == {
        ("BucketPublicAccessBlock", "landing-zone", "gone"),
        ("BucketVersioning", "bronze", "versioningConfiguration"),
        ("Bucket", "bronze", "tagsAll"),
        *(
            ("Job", "bronze", property_)
            for property_ in (
                "connections",
                "defaultArguments",
                "description",
                "executionClass",
                "executionProperty",
                "glueVersion",
                "jobRunQueuingEnabled",
                "maxRetries",
                "nonOverridableArguments",
                "numberOfWorkers",
                "securityConfiguration",
                "timeout",
                "workerType",
            )
        ),
        ("Crawler", "bronze", "schedule"),
        ("Role", "job-role", "permissionsBoundary"),
        ("RolePolicy", "job-role", "policy"),
        ("Key", "data", "enableKeyRotation"),
        ("LogGroup", "crawler", "retentionInDays"),
        ("Workgroup", "queries", "configuration"),
        ("Vpc", "vpc", "enableDnsHostnames"),
        ("DefaultSecurityGroup", "default", "ingress"),
        ("EventRule", "job-failed", "state"),
        ("Dashboard", "overview", "dashboardBody"),
        ("Parameter", "outputs", "value"),
    }
    made.up()
    assert differences(made.look()) == set()
