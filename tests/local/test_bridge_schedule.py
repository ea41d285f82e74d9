"""Workflows and triggers, as provisioning makes, changes and removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pulumi_aws as aws
import pytest

from localaws.bridge import provision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from localaws.process import Server


def test_a_workflow_and_its_triggers_are_made_changed_and_deleted(
    server: Server, client: Callable[[str], Any], tmp_path: Path
) -> None:
    """Glue tells about each what the program said; a trigger can be switched off."""
    name = f"t{uuid4().hex[:12]}"
    glue = client("glue")

    def up(program: Callable[[], None]) -> None:
        provision(
            program,
            project="tests",
            stack=name,
            config={"aws:region": "us-east-1"},
            endpoint=server.endpoint,
            region="us-east-1",
            state=tmp_path / "stack.json",
        )

    def declare(schedule: str, *, enabled: bool) -> None:
        workflow = aws.glue.Workflow("w", name=name, description=schedule, max_concurrent_runs=1)
        aws.glue.Trigger(
            "first",
            name=f"{name}-first",
            type="SCHEDULED",
            schedule=schedule,
            workflow_name=workflow.name,
            start_on_creation=True,
            enabled=enabled,
            actions=[{"job_name": "j", "arguments": {"--task": "ingest"}}],
        )
        aws.glue.Trigger(
            "then",
            name=f"{name}-then",
            type="CONDITIONAL",
            workflow_name=workflow.name,
            start_on_creation=True,
            predicate={
                "logical": "AND",
                "conditions": [
                    {"job_name": "j", "state": "SUCCEEDED", "logical_operator": "EQUALS"}
                ],
            },
            actions=[{"crawler_name": "c"}],
        )

    for schedule, enabled in (("cron(0 3 * * ? *)", True), ("cron(0 4 * * ? *)", False)):
        up(lambda schedule=schedule, enabled=enabled: declare(schedule, enabled=enabled))  # type: ignore[misc]
        workflow = glue.get_workflow(Name=name)["Workflow"]
        assert (workflow["Description"], workflow["MaxConcurrentRuns"]) == (schedule, 1)
        first = glue.get_trigger(Name=f"{name}-first")["Trigger"]
        assert first["Schedule"] == schedule
        assert first["State"] == ("ACTIVATED" if enabled else "DEACTIVATED")
        assert first["Actions"] == [{"JobName": "j", "Arguments": {"--task": "ingest"}}]
        then = glue.get_trigger(Name=f"{name}-then")["Trigger"]
        assert then["WorkflowName"] == name
        assert then["State"] == "ACTIVATED"
        assert then["Predicate"]["Conditions"] == [
            {"JobName": "j", "State": "SUCCEEDED", "LogicalOperator": "EQUALS"}
        ]
    up(lambda: None)
    for read, item in ((glue.get_workflow, name), (glue.get_trigger, f"{name}-first")):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            read(Name=item)
