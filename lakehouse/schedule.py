"""Runs that nobody starts by hand: a Glue workflow of ingest and then crawl."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.naming import Names


@dataclass(frozen=True)
class ScheduleArgs:
    """When the job runs, and what follows."""

    names: Names
    expression: str
    """``cron(...)``, in UTC."""
    job_name: pulumi.Input[str]
    crawler_name: pulumi.Input[str]


class Schedule(pulumi.ComponentResource):
    """The job at its times, and the crawler after each run that succeeded.

    Glue's triggers assume no role. A run that is started by hand does not belong to the workflow:
    whoever starts it, as `lakehouse run` does, starts the crawler too.
    """

    outputs: dict[str, pulumi.Output[str] | str]
    """The expression and the workflow's name."""

    def __init__(
        self, name: str, args: ScheduleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:schedule:Schedule", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        workflow = aws.glue.Workflow(
            "ingest",
            name=args.names.workflow,
            description="Landing to bronze, then to the Data Catalog",
            # The job takes one run at a time as well.
            max_concurrent_runs=1,
            opts=child,
        )
        aws.glue.Trigger(
            "ingest",
            name=f"{args.names.workflow}-ingest",
            description="Starts the job at its times",
            workflow_name=workflow.name,
            type="SCHEDULED",
            schedule=args.expression,
            start_on_creation=True,
            actions=[
                aws.glue.TriggerActionArgs(job_name=args.job_name, arguments={"--task": "ingest"})
            ],
            opts=child,
        )
        aws.glue.Trigger(
            "crawl",
            name=f"{args.names.workflow}-crawl",
            description="Crawls after a run of the job that succeeded",
            workflow_name=workflow.name,
            type="CONDITIONAL",
            start_on_creation=True,
            predicate=aws.glue.TriggerPredicateArgs(
                logical="AND",
                conditions=[
                    aws.glue.TriggerPredicateConditionArgs(
                        job_name=args.job_name, state="SUCCEEDED", logical_operator="EQUALS"
                    )
                ],
            ),
            actions=[aws.glue.TriggerActionArgs(crawler_name=args.crawler_name)],
            opts=child,
        )
        self.outputs = {"expression": args.expression, "workflow_name": workflow.name}
        self.register_outputs({"outputs": self.outputs})
