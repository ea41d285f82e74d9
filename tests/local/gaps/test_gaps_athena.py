"""Calls on workgroups, named queries and Athena's catalog, which moto alone lacks or mistakes."""

from __future__ import annotations

from typing import Any

from tests.local.gaps.answers import ACCOUNT, code_of


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
    assert code_of(athena.update_work_group, WorkGroup="no") == "InvalidRequestException"


def test_a_workgroup_without_tags_lists_none(athena: Any) -> None:
    """ListTagsForResource distinguishes what has no tags from what does not exist."""
    athena.create_work_group(Name="untagged")
    arn = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/untagged"
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    tags = athena.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    code = code_of(athena.list_tags_for_resource, ResourceARN=arn + "no")
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
    assert code_of(athena.delete_work_group, WorkGroup="full") == "InvalidRequestException"
    athena.delete_named_query(NamedQueryId=query)
    assert code_of(athena.get_named_query, NamedQueryId=query) == "InvalidRequestException"
    athena.delete_work_group(WorkGroup="full")
    assert code_of(athena.get_work_group, WorkGroup="full") == "InvalidRequestException"
    assert code_of(athena.delete_work_group, WorkGroup="primary") == "InvalidRequestException"
    athena.create_work_group(Name="full")
    query = athena.create_named_query(
        Name="q", Database="d", QueryString="SELECT 1", WorkGroup="full"
    )["NamedQueryId"]
    athena.delete_work_group(WorkGroup="full", RecursiveDeleteOption=True)
    assert code_of(athena.get_named_query, NamedQueryId=query) == "InvalidRequestException"


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
    assert code_of(athena.get_database, **catalog, DatabaseName="no") == "MetadataException"
