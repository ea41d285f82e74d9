"""Calls that infrastructure tools make, which moto alone lacks or answers in part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[[Any], Any]]:
    """Clients of one server, one attempt each."""
    with process.start() as server:

        def make(service: Any) -> Any:
            return boto3.client(
                service,
                endpoint_url=server.endpoint,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}),
            )

        yield make
        assert server.log() == ""


@pytest.fixture
def glue(client: Callable[[Any], Any]) -> Any:
    """A Glue client."""
    return client("glue")


@pytest.fixture
def athena(client: Callable[[Any], Any]) -> Any:
    """An Athena client."""
    return client("athena")


def _code(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_an_update_of_a_job_replaces_its_definition(glue: Any) -> None:
    """UpdateJob takes away what it does not name, and keeps creation time and tags."""
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/k", "PythonVersion": "3"}
    glue.create_job(
        Name="job", Role=ROLE, Command=command, Description="first", Timeout=10,
        JobRunQueuingEnabled=False, MaintenanceWindow="Sun:10", Tags={"a": "b"},
    )  # fmt: skip
    before = glue.get_job(JobName="job")["Job"]
    assert (before["JobRunQueuingEnabled"], before["MaintenanceWindow"]) == (False, "Sun:10")
    update = {"Role": ROLE, "Command": command, "Timeout": 20, "GlueVersion": "5.0"}
    assert glue.update_job(JobName="job", JobUpdate=update)["JobName"] == "job"
    after = glue.get_job(JobName="job")["Job"]
    assert (after["Timeout"], after["GlueVersion"]) == (20, "5.0")
    assert {"Description", "MaintenanceWindow", "JobRunQueuingEnabled"}.isdisjoint(after)
    assert after["CreatedOn"] == before["CreatedOn"]
    tags = glue.get_tags(ResourceArn=f"arn:aws:glue:us-east-1:{ACCOUNT}:job/job")["Tags"]
    assert tags == {"a": "b"}
    assert _code(glue.update_job, JobName="no", JobUpdate=update) == "EntityNotFoundException"


def test_an_update_of_a_crawler_changes_what_it_names(glue: Any) -> None:
    """UpdateCrawler keeps the rest and counts the version up."""
    glue.create_crawler(
        Name="crawler", Role=ROLE, DatabaseName="db", TablePrefix="p_",
        Targets={"DeltaTargets": [{"DeltaTables": ["s3://b/t/"], "CreateNativeDeltaTable": True}]},
    )  # fmt: skip
    glue.update_crawler(Name="crawler", Description="new", Schedule="cron(0 1 * * ? *)")
    crawler = glue.get_crawler(Name="crawler")["Crawler"]
    assert (crawler["Description"], crawler["TablePrefix"], crawler["Version"]) == ("new", "p_", 2)
    assert crawler["Schedule"]["ScheduleExpression"] == "cron(0 1 * * ? *)"
    assert crawler["Targets"]["DeltaTargets"][0]["CreateNativeDeltaTable"] is True
    glue.update_crawler_schedule(CrawlerName="crawler", Schedule="cron(0 2 * * ? *)")
    schedule = glue.get_crawler(Name="crawler")["Crawler"]["Schedule"]
    assert schedule["ScheduleExpression"] == "cron(0 2 * * ? *)"
    assert _code(glue.update_crawler, Name="no") == "EntityNotFoundException"


def test_connections_have_a_whole_life(glue: Any) -> None:
    """A connection shows its type, can be changed, and is gone when deleted."""
    wanted = {
        "Name": "net",
        "ConnectionType": "NETWORK",
        "ConnectionProperties": {},
        "MatchCriteria": ["m"],
        "PhysicalConnectionRequirements": {"SubnetId": "subnet-1"},
    }
    glue.create_connection(ConnectionInput=wanted)
    before = glue.get_connection(Name="net")["Connection"]
    assert wanted.items() <= before.items()
    glue.update_connection(Name="net", ConnectionInput={**wanted, "Description": "d"})
    after = glue.get_connection(Name="net")["Connection"]
    assert (after["Description"], after["CreationTime"]) == ("d", before["CreationTime"])
    glue.delete_connection(ConnectionName="net")
    assert _code(glue.get_connection, Name="net") == "EntityNotFoundException"
    assert _code(glue.delete_connection, ConnectionName="net") == "EntityNotFoundException"
    glue.create_connection(ConnectionInput=wanted)
    reply = glue.batch_delete_connection(ConnectionNameList=["net", "no"])
    assert (reply["Succeeded"], list(reply["Errors"])) == (["net"], ["no"])


def test_an_update_of_a_trigger_replaces_its_definition(glue: Any) -> None:
    """UpdateTrigger changes schedule and actions and takes the description away."""
    glue.create_trigger(
        Name="t", Type="SCHEDULED", Schedule="cron(0 1 * * ? *)", Description="d",
        Actions=[{"JobName": "one"}],
    )  # fmt: skip
    update = {"Schedule": "cron(0 2 * * ? *)", "Actions": [{"JobName": "two", "Timeout": 3}]}
    assert glue.update_trigger(Name="t", TriggerUpdate=update)["Trigger"]["Name"] == "t"
    trigger = glue.get_trigger(Name="t")["Trigger"]
    assert update.items() <= trigger.items()
    assert "Description" not in trigger


def test_names_in_the_catalog_are_in_lower_case(glue: Any) -> None:
    """Databases and tables are found under the folded name, however they were written."""
    glue.create_database(DatabaseInput={"Name": "Upper"})
    glue.create_table(DatabaseName="Upper", TableInput={"Name": "Songs"})
    table = glue.get_table(DatabaseName="upper", Name="songs")["Table"]
    assert (table["DatabaseName"], table["Name"]) == ("upper", "songs")
    glue.update_table(DatabaseName="UPPER", TableInput={"Name": "SONGS", "Description": "d"})
    tables = glue.get_tables(DatabaseName="upper")["TableList"]
    assert [(table["Name"], table["Description"]) for table in tables] == [("songs", "d")]
    glue.delete_database(Name="UPPER")
    assert _code(glue.get_database, Name="upper") == "EntityNotFoundException"


def test_workgroups_change_setting_by_setting(athena: Any) -> None:
    """UpdateWorkGroup changes, adds and removes settings; reading one twice shows no change."""
    athena.create_work_group(
        Name="wg",
        Configuration={
            "BytesScannedCutoffPerQuery": 10_485_760,
            "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
            "ResultConfiguration": {
                "OutputLocation": "s3://b/r/", "ExpectedBucketOwner": ACCOUNT,
            },
        },
    )  # fmt: skip
    athena.update_work_group(
        WorkGroup="wg",
        Description="d",
        State="DISABLED",
        ConfigurationUpdates={
            "RemoveBytesScannedCutoffPerQuery": True,
            "PublishCloudWatchMetricsEnabled": True,
            "ResultConfigurationUpdates": {
                "OutputLocation": "s3://b/q/",
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                "RemoveExpectedBucketOwner": True,
            },
        },
    )
    group = athena.get_work_group(WorkGroup="wg")["WorkGroup"]
    assert (group["Description"], group["State"]) == ("d", "DISABLED")
    settings = group["Configuration"]
    assert settings["ResultConfiguration"] == {
        "OutputLocation": "s3://b/q/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }
    assert settings["PublishCloudWatchMetricsEnabled"] is True
    assert "BytesScannedCutoffPerQuery" not in settings
    assert settings["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    assert athena.get_work_group(WorkGroup="wg")["WorkGroup"] == group
    assert _code(athena.update_work_group, WorkGroup="no") == "InvalidRequestException"


def test_a_workgroup_without_tags_lists_none(athena: Any) -> None:
    """ListTagsForResource distinguishes what has no tags from what does not exist."""
    athena.create_work_group(Name="untagged")
    arn = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/untagged"
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    tags = athena.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    code = _code(athena.list_tags_for_resource, ResourceARN=arn + "no")
    assert code == "ResourceNotFoundException"


def test_named_queries_and_workgroups_can_be_deleted(athena: Any) -> None:
    """A named query can be changed and deleted; a workgroup goes when empty, or with all of it."""
    athena.create_work_group(Name="full")
    query = athena.create_named_query(
        Name="q", Database="d", QueryString="SELECT 1", WorkGroup="full"
    )["NamedQueryId"]
    athena.update_named_query(NamedQueryId=query, Name="p", QueryString="SELECT 2")
    found = athena.batch_get_named_query(NamedQueryIds=[query, "no"])
    assert [one["QueryString"] for one in found["NamedQueries"]] == ["SELECT 2"]
    assert found["UnprocessedNamedQueryIds"] == [{"NamedQueryId": "no"}]
    assert _code(athena.delete_work_group, WorkGroup="full") == "InvalidRequestException"
    athena.delete_named_query(NamedQueryId=query)
    assert _code(athena.get_named_query, NamedQueryId=query) == "InvalidRequestException"
    athena.delete_work_group(WorkGroup="full")
    assert _code(athena.get_work_group, WorkGroup="full") == "InvalidRequestException"
    assert _code(athena.delete_work_group, WorkGroup="primary") == "InvalidRequestException"
    athena.create_work_group(Name="full")
    query = athena.create_named_query(
        Name="q", Database="d", QueryString="SELECT 1", WorkGroup="full"
    )["NamedQueryId"]
    athena.delete_work_group(WorkGroup="full", RecursiveDeleteOption=True)
    assert _code(athena.get_named_query, NamedQueryId=query) == "InvalidRequestException"


def test_athena_shows_the_catalog_of_glue(glue: Any, athena: Any) -> None:
    """Databases and tables in Athena's metadata calls are those of the Data Catalog."""
    glue.create_database(DatabaseInput={"Name": "lake", "Description": "d"})
    column = {"Name": "id", "Type": "bigint"}
    glue.create_table(
        DatabaseName="lake",
        TableInput={
            "Name": "songs",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {"Columns": [column], "Location": "s3://b/songs/"},
            "PartitionKeys": [{"Name": "year", "Type": "int"}],
        },
    )
    catalog: dict[str, Any] = {"CatalogName": "AwsDataCatalog"}
    assert catalog["CatalogName"] in {
        one["CatalogName"] for one in athena.list_data_catalogs()["DataCatalogsSummary"]
    }
    database = athena.get_database(**catalog, DatabaseName="lake")["Database"]
    assert (database["Name"], database["Description"]) == ("lake", "d")
    assert "lake" in {one["Name"] for one in athena.list_databases(**catalog)["DatabaseList"]}
    table = athena.get_table_metadata(**catalog, DatabaseName="lake", TableName="songs")
    assert table["TableMetadata"]["Columns"] == [column]
    assert table["TableMetadata"]["Parameters"]["location"] == "s3://b/songs/"
    tables = athena.list_table_metadata(**catalog, DatabaseName="lake")["TableMetadataList"]
    assert tables == [table["TableMetadata"]]
    assert _code(athena.get_database, **catalog, DatabaseName="no") == "MetadataException"


def test_log_groups_change_their_key(client: Callable[[Any], Any]) -> None:
    """A key can be given to a log group and taken away again."""
    logs = client("logs")
    logs.create_log_group(logGroupName="g")
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"

    def shown() -> str | None:
        group = logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"][0]
        found: str | None = group.get("kmsKeyId")
        return found

    logs.associate_kms_key(logGroupName="g", kmsKeyId=key)
    assert shown() == key
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"
    logs.disassociate_kms_key(resourceIdentifier=arn)
    assert shown() is None
    code = _code(logs.associate_kms_key, logGroupName="no", kmsKeyId=key)
    assert code == "ResourceNotFoundException"


def test_lifecycle_and_logging_come_back_as_they_were_put(client: Callable[[Any], Any]) -> None:
    """No setting is forgotten, so that a client which compares finds no difference."""
    s3 = client("s3")
    s3.create_bucket(Bucket="documents")
    s3.create_bucket(Bucket="log-target")
    s3.put_bucket_policy(
        Bucket="log-target",
        Policy=json.dumps(
            {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "logging.s3.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": "arn:aws:s3:::log-target/*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
                }
            }
        ),
    )
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 2},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket="documents", LifecycleConfiguration={"Rules": [rule]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket="documents")["Rules"] == [rule]
    nameless = {name: value for name, value in rule.items() if name != "ID"}
    s3.put_bucket_lifecycle_configuration(
        Bucket="documents", LifecycleConfiguration={"Rules": [nameless]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket="documents")["Rules"][0]["ID"]
    s3.delete_bucket_lifecycle(Bucket="documents")
    code = _code(s3.get_bucket_lifecycle_configuration, Bucket="documents")
    assert code == "NoSuchLifecycleConfiguration"
    logging = {
        "TargetBucket": "log-target",
        "TargetPrefix": "p/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    s3.put_bucket_logging(Bucket="documents", BucketLoggingStatus={"LoggingEnabled": logging})
    assert s3.get_bucket_logging(Bucket="documents")["LoggingEnabled"] == logging
    assert "Contents" not in s3.list_objects_v2(Bucket="log-target")
    s3.put_bucket_logging(Bucket="documents", BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="documents")


def test_an_unknown_bucket_configuration_harms_no_bucket(client: Callable[[Any], Any]) -> None:
    """What is not supported is refused by name, and never taken for the bucket itself."""
    s3 = client("s3")
    s3.create_bucket(Bucket="unharmed")
    with pytest.raises(ClientError, match="DELETE /unharmed") as caught:
        s3.delete_bucket_metrics_configuration(Bucket="unharmed", Id="i")
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    s3.head_bucket(Bucket="unharmed")
    assert s3.get_bucket_request_payment(Bucket="unharmed")["Payer"] == "BucketOwner"


def test_gateway_endpoints_can_be_deleted(client: Callable[[Any], Any]) -> None:
    """A VPC endpoint without a type is a gateway, from creation to deletion."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    assert endpoint["VpcEndpoint"]["VpcEndpointType"] == "Gateway"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]])


@pytest.mark.parametrize("egress", [False, True])
def test_a_rule_keeps_its_description_and_can_be_changed(
    client: Callable[[Any], Any], *, egress: bool
) -> None:
    """Whatever its other end is: a group, a prefix list or a range."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    prefixes = ec2.describe_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    ends = {
        "UserIdGroupPairs": {"GroupId": group},
        "PrefixListIds": {"PrefixListId": prefixes},
        "IpRanges": {"CidrIp": "10.0.0.0/24"},
    }
    authorize = (
        ec2.authorize_security_group_egress if egress else ec2.authorize_security_group_ingress
    )
    for kind, end in ends.items():
        ports = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
        authorize(GroupId=group, IpPermissions=[{**ports, kind: [{**end, "Description": kind}]}])

    def rules() -> dict[str, dict[str, Any]]:
        wanted = [{"Name": "group-id", "Values": [group]}]
        found = ec2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
        return {rule["Description"]: rule for rule in found if "Description" in rule}

    made = rules()
    assert made.keys() == ends.keys()
    for kind, rule in made.items():
        change = {"IpProtocol": "tcp", "FromPort": 3, "ToPort": 4, "Description": f"{kind} now"}
        # Each rule gets another kind of other end than it had.
        other = {"CidrIpv4": "10.1.0.0/24"} if kind != "IpRanges" else {"PrefixListId": prefixes}
        ec2.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
                    "SecurityGroupRule": {**change, **other},
                }
            ],
        )
    changed = rules()
    assert changed.keys() == {f"{kind} now" for kind in ends}
    assert changed["PrefixListIds now"]["CidrIpv4"] == "10.1.0.0/24"
    assert "PrefixListId" not in changed["PrefixListIds now"]
    assert changed["IpRanges now"]["PrefixListId"] == prefixes
    assert "ReferencedGroupInfo" not in changed["UserIdGroupPairs now"]


def test_budgets_have_a_whole_life(client: Callable[[Any], Any]) -> None:
    """A budget shows subscribers and tags, and can be changed."""
    budgets = client("budgets")
    budget = {
        "BudgetName": "b",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
    }
    subscribers = [{"SubscriptionType": "EMAIL", "Address": "someone@example.com"}]
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget,
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": subscribers}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    changed = {**budget, "BudgetLimit": {"Amount": "20", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=changed)
    shown = budgets.describe_budget(AccountId=ACCOUNT, BudgetName="b")["Budget"]
    assert shown["BudgetLimit"]["Amount"] == "20"
    found = budgets.describe_subscribers_for_notification(
        AccountId=ACCOUNT, BudgetName="b", Notification=notification
    )
    assert found["Subscribers"] == subscribers
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/b"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "c", "Value": "d"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["a"])
    tags = budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert tags == [{"Key": "c", "Value": "d"}]
    code = _code(budgets.update_budget, AccountId=ACCOUNT, NewBudget={**budget, "BudgetName": "no"})
    assert code == "NotFoundException"
