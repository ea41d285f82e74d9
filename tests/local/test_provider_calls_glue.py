"""The calls with which the AWS provider makes, reads and deletes what belongs to Glue and Athena.

The arguments are those to which this repository's program leads. The provider waits for the states
of triggers, takes the codes below for "it is gone", and compares every field that it reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.program import program
from localaws.bridge import stack_config
from localaws.bridge.monitor import run
from localaws.bridge.resources import TYPES
from localaws.bridge.shapes import request
from tests.unit.lakehouse.conftest import Declared

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
ACCOUNT_OF_PROD = "111122223333"
ARN = f"arn:aws:glue:us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/music-dev-job"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0e5a"
TAGS = {"Environment": "dev", "ManagedBy": "pulumi"}
MISSING = ("EntityNotFoundException", 400)


@pytest.fixture
def glue(client: Callable[[str], Any]) -> Any:
    """A Glue client of the shared server."""
    return client("glue")


def _check_tags(glue: Any, arn: str) -> None:
    """The tags of creation are there, and change one by one."""
    assert glue.get_tags(ResourceArn=arn)["Tags"] == TAGS
    glue.tag_resource(ResourceArn=arn, TagsToAdd={"Zone": "bronze"})
    glue.untag_resource(ResourceArn=arn, TagsToRemove=["Zone"])
    assert glue.get_tags(ResourceArn=arn)["Tags"] == TAGS


def test_a_database_has_a_whole_life(glue: Any, refusal: Callable[..., Any]) -> None:
    """With its default permissions, and under the account's id as that of the catalog."""
    here = {"CatalogId": ACCOUNT}
    open_to_iam = {
        "Permissions": ["ALL"],
        "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
    }
    wanted = {
        "Name": "pc_bronze",
        "Description": "tables",
        "CreateTableDefaultPermissions": [open_to_iam],
    }
    glue.create_database(**here, DatabaseInput=wanted, Tags=TAGS)
    shown = glue.get_database(**here, Name="pc_bronze")["Database"]
    assert {**wanted, **here}.items() <= shown.items()
    assert shown.keys() == {*wanted, "CatalogId", "CreateTime"}
    _check_tags(glue, f"{ARN}:database/pc_bronze")
    changed = {**wanted, "Description": "other"}
    glue.update_database(**here, Name="pc_bronze", DatabaseInput=changed)
    shown = glue.get_database(**here, Name="pc_bronze")["Database"]
    assert changed.items() <= shown.items()
    glue.delete_database(**here, Name="pc_bronze")
    assert refusal(glue.get_database, **here, Name="pc_bronze") == MISSING
    assert refusal(glue.delete_database, **here, Name="pc_bronze") == MISSING


def test_a_connection_has_a_whole_life(glue: Any, refusal: Callable[..., Any]) -> None:
    """A network connection shows its type and its subnet, and has no properties."""
    here = {"CatalogId": ACCOUNT}
    place = {
        "AvailabilityZone": "us-east-1a",
        "SubnetId": "subnet-1",
        "SecurityGroupIdList": ["sg-1"],
    }
    wanted = {
        "Name": "pc-net",
        "ConnectionType": "NETWORK",
        "ConnectionProperties": {},
        "Description": "The network",
        "PhysicalConnectionRequirements": place,
    }
    glue.create_connection(**here, ConnectionInput=wanted, Tags=TAGS)
    shown = glue.get_connection(**here, Name="pc-net", HidePassword=False)["Connection"]
    assert wanted.items() <= shown.items()
    assert not shown.get("MatchCriteria")
    _check_tags(glue, f"{ARN}:connection/pc-net")
    glue.delete_connection(**here, ConnectionName="pc-net")
    assert refusal(glue.get_connection, **here, Name="pc-net") == MISSING
    assert refusal(glue.delete_connection, **here, ConnectionName="pc-net") == MISSING


def test_a_security_configuration_has_a_whole_life(glue: Any, refusal: Callable[..., Any]) -> None:
    """It shows every part of its encryption."""
    wanted = {
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS", "KmsKeyArn": KEY},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", "KmsKeyArn": KEY},
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": KEY}],
    }
    glue.create_security_configuration(Name="pc-sec", EncryptionConfiguration=wanted)
    shown = glue.get_security_configuration(Name="pc-sec")["SecurityConfiguration"]
    assert (shown["Name"], shown["EncryptionConfiguration"]) == ("pc-sec", wanted)
    glue.delete_security_configuration(Name="pc-sec")
    assert refusal(glue.get_security_configuration, Name="pc-sec") == MISSING
    assert refusal(glue.delete_security_configuration, Name="pc-sec") == MISSING


def job_of(stack: str) -> dict[str, Any]:
    """The parameters for the job to which the program leads with the settings of a stack file."""
    declared = Declared(ACCOUNT_OF_PROD, "us-east-1")
    config = stack_config(ROOT / f"Pulumi.{stack}.yaml")
    run(program, declared, project="lakehouse", stack="pc", config=config)
    (inputs,) = declared.of_type("glue/job:Job").values()
    shape = TYPES["aws:glue/job:Job"].shape
    wanted = request(shape, {name: inputs[name] for name in shape if name in inputs})
    if "Connections" in wanted:
        wanted["Connections"] = {"Connections": wanted["Connections"]}
    del wanted["Name"]
    return wanted


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_job_has_a_whole_life(glue: Any, refusal: Callable[..., Any], stack: str) -> None:
    """It shows every argument and nothing that nobody asked for."""
    wanted = job_of(stack)
    assert {"--task", "--datalake-formats"} <= wanted["DefaultArguments"].keys()
    assert wanted["NonOverridableArguments"]
    assert wanted["Connections"]["Connections"]
    glue.create_job(Name="pc-job", **wanted, Tags=TAGS)
    shown = glue.get_job(JobName="pc-job")["Job"]
    assert wanted.items() <= shown.items()
    assert shown.keys() == {*wanted, "Name", "CreatedOn", "LastModifiedOn"}
    _check_tags(glue, f"{ARN}:job/pc-job")
    glue.update_job(JobName="pc-job", JobUpdate={**wanted, "Timeout": 90})
    assert glue.get_job(JobName="pc-job")["Job"]["Timeout"] == 90
    glue.delete_job(JobName="pc-job")
    assert refusal(glue.get_job, JobName="pc-job") == MISSING


def test_a_crawler_has_a_whole_life(glue: Any, refusal: Callable[..., Any]) -> None:
    """It shows its Delta targets with their connection, and no schedule."""
    delta = {
        "DeltaTables": ["s3://bronze/songs/", "s3://bronze/artists/"],
        "WriteManifest": False,
        "ConnectionName": "pc-net",
        "CreateNativeDeltaTable": True,
    }
    others = ("S3Targets", "JdbcTargets", "DynamoDBTargets", "CatalogTargets")
    wanted = {
        "Role": ROLE,
        "DatabaseName": "pc_bronze",
        "Description": "Registers the bronze Delta tables",
        "Configuration": '{"Version": 1.0, "CreatePartitionIndex": false}',
        "CrawlerSecurityConfiguration": "pc-sec",
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "SchemaChangePolicy": {
            "UpdateBehavior": "UPDATE_IN_DATABASE",
            "DeleteBehavior": "LOG",
        },
        "Targets": {**{name: [] for name in others}, "DeltaTargets": [delta]},
    }
    glue.create_crawler(Name="pc-crawler", **wanted, Tags=TAGS)
    shown = glue.get_crawler(Name="pc-crawler")["Crawler"]
    assert wanted.items() <= shown.items()
    assert not {"Schedule", "TablePrefix", "LineageConfiguration"} & shown.keys()
    _check_tags(glue, f"{ARN}:crawler/pc-crawler")
    glue.update_crawler(Name="pc-crawler", **{**wanted, "Description": "other"})
    assert glue.get_crawler(Name="pc-crawler")["Crawler"]["Description"] == "other"
    glue.delete_crawler(Name="pc-crawler")
    assert refusal(glue.get_crawler, Name="pc-crawler") == MISSING
    assert refusal(glue.delete_crawler, Name="pc-crawler") == MISSING


def test_a_workflow_and_its_triggers_have_a_whole_life(
    glue: Any, refusal: Callable[..., Any]
) -> None:
    """A trigger that starts at creation is ACTIVATED, which the provider shows as enabled."""
    glue.create_workflow(Name="pc-flow", Description="d", MaxConcurrentRuns=1, Tags=TAGS)
    flow = glue.get_workflow(Name="pc-flow")["Workflow"]
    assert {"Name": "pc-flow", "Description": "d", "MaxConcurrentRuns": 1}.items() <= flow.items()
    _check_tags(glue, f"{ARN}:workflow/pc-flow")
    ran = {"JobName": "pc-job", "State": "SUCCEEDED", "LogicalOperator": "EQUALS"}
    triggers: dict[str, dict[str, Any]] = {
        "pc-ingest": {
            "Type": "SCHEDULED",
            "Schedule": "cron(0 3 * * ? *)",
            "Actions": [{"JobName": "pc-job", "Arguments": {"--task": "ingest"}}],
        },
        "pc-crawl": {
            "Type": "CONDITIONAL",
            "Predicate": {"Logical": "AND", "Conditions": [ran]},
            "Actions": [{"CrawlerName": "pc-crawler"}],
        },
    }
    for name, trigger in triggers.items():
        wanted = {**trigger, "Name": name, "WorkflowName": "pc-flow", "Description": "d"}
        glue.create_trigger(**wanted, StartOnCreation=True, Tags=TAGS)
        shown = glue.get_trigger(Name=name)["Trigger"]
        assert shown == {**wanted, "State": "ACTIVATED"}
        _check_tags(glue, f"{ARN}:trigger/{name}")
        glue.stop_trigger(Name=name)
        assert glue.get_trigger(Name=name)["Trigger"]["State"] == "DEACTIVATED"
        glue.start_trigger(Name=name)
        assert glue.get_trigger(Name=name)["Trigger"]["State"] == "ACTIVATED"
        glue.delete_trigger(Name=name)
        assert refusal(glue.get_trigger, Name=name) == MISSING
    glue.delete_workflow(Name="pc-flow")
    assert refusal(glue.get_workflow, Name="pc-flow") == MISSING


def test_a_workgroup_and_its_queries_have_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """What is missing is told in the words that the provider looks for."""
    athena = client("athena")
    results = {
        "OutputLocation": "s3://results/",
        "ExpectedBucketOwner": ACCOUNT,
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": KEY},
    }
    engine = {"SelectedEngineVersion": "Athena engine version 3"}
    wanted = {
        "BytesScannedCutoffPerQuery": 1_073_741_824,
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "EngineVersion": engine,
        "ResultConfiguration": results,
    }
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    athena.create_work_group(Name="pc-wg", Description="d", Configuration=wanted, Tags=tags)
    group = athena.get_work_group(WorkGroup="pc-wg")["WorkGroup"]
    assert (group["Name"], group["State"], group["Description"]) == ("pc-wg", "ENABLED", "d")
    effective = {**engine, "EffectiveEngineVersion": engine["SelectedEngineVersion"]}
    assert group["Configuration"] == {
        **wanted,
        "EngineVersion": effective,
        "RequesterPaysEnabled": False,
        "EnableMinimumEncryptionConfiguration": False,
    }
    arn = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/pc-wg"
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
    athena.update_work_group(
        WorkGroup="pc-wg",
        ConfigurationUpdates={
            "BytesScannedCutoffPerQuery": 10_485_760,
            "EngineVersion": engine,
            "ResultConfigurationUpdates": {"OutputLocation": "s3://results/new/"},
        },
    )
    changed = athena.get_work_group(WorkGroup="pc-wg")["WorkGroup"]["Configuration"]
    assert changed["ResultConfiguration"] == {**results, "OutputLocation": "s3://results/new/"}
    assert changed["EngineVersion"] == effective
    query = {
        "Name": "q",
        "Description": "d",
        "Database": "pc_bronze",
        "QueryString": "SELECT 1",
        "WorkGroup": "pc-wg",
    }
    identifier = athena.create_named_query(**query)["NamedQueryId"]
    shown = athena.get_named_query(NamedQueryId=identifier)["NamedQuery"]
    assert shown == {**query, "NamedQueryId": identifier}
    athena.delete_named_query(NamedQueryId=identifier)
    gone = ("InvalidRequestException", 400)
    assert refusal(athena.get_named_query, NamedQueryId=identifier) == gone
    athena.delete_work_group(WorkGroup="pc-wg", RecursiveDeleteOption=True)
    assert refusal(athena.get_work_group, WorkGroup="pc-wg") == gone
    with pytest.raises(athena.exceptions.InvalidRequestException, match="is not found"):
        athena.get_work_group(WorkGroup="pc-wg")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="not found"):
        athena.get_named_query(NamedQueryId=identifier)
