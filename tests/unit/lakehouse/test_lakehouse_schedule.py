"""The schedule: when the job runs by itself, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.cron import longest_gap, meetings
from lakehouse.errors import ConfigError
from tests.unit.lakehouse.settings import PROD

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 60


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("cron(0 3 * * ? *)", 24 * HOUR),
        ("cron(*/15 * * * ? *)", 15),
        ("cron(0 0/6 * * ? *)", 6 * HOUR),
        ("cron(30 6,18,20 * * ? *)", 12 * HOUR),
        ("cron(0 8-18 ? * MON-FRI *)", (6 + 48 + 8) * HOUR),
        ("cron(0 3 ? * 1,4 *)", 4 * 24 * HOUR),
        ("cron(0 3 ? * SUN *)", 7 * 24 * HOUR),
    ],
)
def test_the_longest_gap_between_two_runs(expression: str, minutes: int) -> None:
    """Over the end of the day and of the week too."""
    assert longest_gap(expression) == minutes


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 3 * * *", "not of the form cron"),
        ("rate(1 day)", "not of the form cron"),
        ("cron(0 3 * * ?)", "not of the form cron"),
        ("cron(0 3 1 * ? *)", "day of month is bound to 1"),
        ("cron(0 3 ? 6 * *)", "month is bound to 6"),
        ("cron(0 3 ? * MON 2030)", "year is bound to 2030"),
        ("cron(0 3 * * * *)", "has to be"),
        ("cron(0 24 * * ? *)", "'24' is not within 0 to 23"),
        ("cron(0 3 ? * MON#1 *)", "is no number"),
        ("cron(0/0 3 * * ? *)", "not within"),
        ("cron(0 9-3 * * ? *)", "not within"),
    ],
)
def test_what_no_gap_can_be_told_of_is_an_error(expression: str, told: str) -> None:
    """The alarm on missing runs has to know how long to wait."""
    with pytest.raises(ValueError, match=told):
        longest_gap(expression)


@pytest.mark.parametrize("schedule", ["nightly", "cron(0 3 1 * ? *)", "cron(0 3 ? * SUN *)"])
def test_a_schedule_that_cannot_be_watched_is_refused(
    declare: Callable[..., Any], schedule: str
) -> None:
    """Before anything is made, with what is allowed."""
    with pytest.raises(ConfigError, match=r"lakehouse:schedule = .* at most 84 hours apart"):
        declare({"lakehouse:schedule": schedule})


def test_nothing_runs_by_itself_outside_production(dev: Any) -> None:
    """A forgotten development stack costs nothing at night."""
    assert dev.outputs["schedule"] is None
    assert not dev.of_type("glue/trigger:Trigger")
    assert not dev.of_type("glue/workflow:Workflow")


def test_the_job_runs_at_its_times_and_the_crawler_after_it(declare: Callable[..., Any]) -> None:
    """Glue fires the second trigger only for a run that the first one started: one workflow."""
    declared = declare({"lakehouse:schedule": "cron(15 4 * * ? *)"})
    (workflow,) = declared.of_type("glue/workflow:Workflow").values()
    triggers = declared.of_type("glue/trigger:Trigger")
    ingest, crawl = triggers["ingest"], triggers["crawl"]
    job = declared.outputs["job_name"]
    assert ingest["schedule"] == "cron(15 4 * * ? *)"
    assert ingest["actions"] == [{"jobName": job, "arguments": {"--task": "ingest"}}]
    (condition,) = crawl["predicate"]["conditions"]
    assert condition == {"jobName": job, "state": "SUCCEEDED", "logicalOperator": "EQUALS"}
    assert crawl["actions"] == [{"crawlerName": declared.outputs["crawler_name"]}]
    for trigger in (ingest, crawl):
        assert trigger["workflowName"] == workflow["name"]
        assert trigger["startOnCreation"] is True, "a trigger that is not started never fires"
    assert declared.outputs["schedule"] == {
        "expression": "cron(15 4 * * ? *)",
        "workflow_name": workflow["name"],
        "maintenance": None,
    }


def test_maintenance_is_another_task_of_the_same_job(declare: Callable[..., Any]) -> None:
    """Outside the workflow, so that no crawl follows."""
    declared = declare({"lakehouse:maintenanceSchedule": "cron(7 5 ? * SAT *)"})
    (trigger,) = declared.of_type("glue/trigger:Trigger").values()
    job = declared.outputs["job_name"]
    assert declared.outputs["maintenance_job_name"] == job
    assert trigger["actions"] == [{"jobName": job, "arguments": {"--task": "maintain"}}]
    assert trigger.get("workflowName") is None
    assert (trigger["schedule"], trigger["startOnCreation"]) == ("cron(7 5 ? * SAT *)", True)
    assert declared.outputs["schedule"] == {
        "expression": None,
        "workflow_name": None,
        "maintenance": {"expression": "cron(7 5 ? * SAT *)", "trigger_name": trigger["name"]},
    }


@pytest.mark.parametrize(
    ("ingest", "maintenance", "times"),
    [
        ("cron(0 3 * * ? *)", "cron(0 3 * * ? *)", 7),
        ("cron(0 3 * * ? *)", "cron(0 3 ? * SUN *)", 1),
        ("cron(0 3 * * ? *)", "cron(0 4 * * ? *)", 0),
        ("cron(*/15 * * * ? *)", "cron(30 4 ? * SUN *)", 1),
        ("cron(*/15 * * * ? *)", "cron(37 4 ? * SUN *)", 0),
    ],
)
def test_maintenance_never_starts_in_the_minute_of_an_ingest(
    declare: Callable[..., Any], ingest: str, maintenance: str, times: int
) -> None:
    """Equal expressions or not: the job would refuse one of the two runs."""
    assert meetings(ingest, maintenance) == times
    settings = {"lakehouse:schedule": ingest, "lakehouse:maintenanceSchedule": maintenance}
    if not times:
        assert len(declare(settings).of_type("glue/trigger:Trigger")) == 3
        return
    with pytest.raises(ConfigError) as caught:
        declare(settings)
    for part in (maintenance, ingest, f"{times} times a week", "choose another minute"):
        assert part in str(caught.value)


def test_production_runs_every_night_unless_told_otherwise(declare: Callable[..., Any]) -> None:
    """The default can be switched off."""
    assert declare(PROD).outputs["schedule"]["expression"] == "cron(0 3 * * ? *)"
    assert declare(PROD).outputs["schedule"]["maintenance"]["expression"] == "cron(37 4 ? * SUN *)"
    no_ingest = {**PROD, "lakehouse:schedule": "none"}
    assert declare(no_ingest).outputs["schedule"]["expression"] is None
    nothing = {**no_ingest, "lakehouse:maintenanceSchedule": "none"}
    assert declare(nothing).outputs["schedule"] is None
