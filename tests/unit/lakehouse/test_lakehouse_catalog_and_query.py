"""The catalog, the workgroup and what the stack tells about itself."""

from __future__ import annotations

import json
from typing import Any

from lakehouse.query import SAVED_QUERIES
from spark.tables import TABLE_NAMES

EXPORTS = {
    "job_name",
    "maintenance_job_name",
    "crawler_name",
    "database_name",
    "workgroup_name",
    "landing_bucket",
    "bronze_bucket",
    "results_bucket",
    "bucket_names",
    "kms_key_arn",
    "log_groups",
    "operator_role_arn",
    "network",
    "schedule",
    "runtime",
    "tables",
}


def test_the_crawler_has_one_native_delta_target_path_per_table(dev: Any) -> None:
    """Folders, targets and table names all come from the one list."""
    (crawler,) = dev.of_type("glue/crawler:Crawler").values()
    (target,) = crawler["deltaTargets"]
    bronze = dev.outputs["bronze_bucket"]
    assert target["deltaTables"] == [f"s3://{bronze}/{table}/" for table in TABLE_NAMES]
    assert target["createNativeDeltaTable"] is True
    assert target["writeManifest"] is False
    assert dev.outputs["tables"] == dict(zip(TABLE_NAMES, target["deltaTables"], strict=True))


def test_a_crawl_updates_tables_and_never_drops_one(dev: Any) -> None:
    """Delta targets are crawled whole; a vanished log is reported only."""
    (crawler,) = dev.of_type("glue/crawler:Crawler").values()
    assert crawler["recrawlPolicy"] == {"recrawlBehavior": "CRAWL_EVERYTHING"}
    assert crawler["schemaChangePolicy"] == {
        "updateBehavior": "UPDATE_IN_DATABASE",
        "deleteBehavior": "LOG",
    }
    version = json.loads(crawler["configuration"])["Version"]
    assert isinstance(version, float), "Glue refuses a version that is text"


def test_the_workgroup_decides_engine_cost_and_place_of_results(dev: Any) -> None:
    """Clients cannot override it, and a query that reads too much is cut off."""
    (workgroup,) = dev.of_type("athena/workgroup:Workgroup").values()
    configuration = workgroup["configuration"]
    assert configuration["enforceWorkgroupConfiguration"] is True
    assert configuration["publishCloudwatchMetricsEnabled"] is True
    assert configuration["bytesScannedCutoffPerQuery"] == 1024**3
    assert configuration["engineVersion"] == {"selectedEngineVersion": "Athena engine version 3"}
    assert configuration["resultConfiguration"] == {
        "outputLocation": f"s3://{dev.outputs['results_bucket']}/",
        "expectedBucketOwner": "123456789012",
        "encryptionConfiguration": {
            "encryptionOption": "SSE_KMS",
            "kmsKeyArn": dev.outputs["kms_key_arn"],
        },
    }


def test_the_query_of_the_project_before_this_one_is_kept_word_for_word(dev: Any) -> None:
    """People bring their saved query along; it has to run as it is."""
    named = dev.of_type("athena/namedQuery:NamedQuery")
    assert named["artists-and-songs"]["query"] == (
        "SELECT a.artist_name, s.title AS music, a.artist_location "
        "FROM artists a INNER JOIN songs s ON a.artist_name = s.artist_name"
    )
    assert named.keys() == {query.name for query in SAVED_QUERIES}
    assert {query["workgroup"] for query in named.values()} == {dev.outputs["workgroup_name"]}


def test_the_stack_exports_what_scripts_rely_on(dev: Any) -> None:
    """The names are stable; what does not exist yet is null, not missing."""
    assert dev.outputs.keys() == EXPORTS
    assert dev.outputs["maintenance_job_name"] == dev.outputs["job_name"]
    assert dev.outputs["schedule"] is None


def test_the_parameter_holds_the_exports_with_a_version(dev: Any) -> None:
    """Whoever has AWS credentials reads the outputs without Pulumi."""
    (parameter,) = dev.of_type("ssm/parameter:Parameter").values()
    assert parameter["name"] == "/lakehouse/dev/outputs"
    assert json.loads(parameter["value"]) == {"version": 1, **dev.outputs}
    assert len(parameter["value"]) < 4096, "the limit of a standard parameter"


def test_every_resource_has_a_component_above_it(dev: Any) -> None:
    """A URN of type `lakehouse:...$aws:...`: the tree that Pulumi shows is the picture."""
    for urn in dev.resources:
        assert urn.split("::")[2].startswith("lakehouse:"), urn
