"""Calls on what Glue keeps and runs, which moto alone lacks or answers in part."""

from __future__ import annotations

from typing import Any

from tests.local.gaps.answers import ACCOUNT, code_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


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
    assert code_of(glue.update_job, JobName="no", JobUpdate=update) == "EntityNotFoundException"


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
    assert code_of(glue.update_crawler, Name="no") == "EntityNotFoundException"


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
    assert code_of(glue.get_connection, Name="net") == "EntityNotFoundException"
    assert code_of(glue.delete_connection, ConnectionName="net") == "EntityNotFoundException"
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
    assert code_of(glue.get_database, Name="upper") == "EntityNotFoundException"
