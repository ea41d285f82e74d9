"""Care of the tables that nobody starts by hand: compaction and vacuum at their own times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.naming import Names


@dataclass(frozen=True)
class MaintenanceArgs:
    """When the job takes care of the tables."""

    names: Names
    expression: str
    """``cron(...)``, in UTC; never the minute of an ingest."""
    job_name: pulumi.Input[str]


class Maintenance(pulumi.ComponentResource):
    """The one job with another task: it shares ingest's lock, which takes one run at a time.

    No crawl follows: what the tables hold, and their schema, stay the same.
    """

    outputs: dict[str, pulumi.Output[str] | str]
    """The expression and the trigger's name."""

    def __init__(
        self, name: str, args: MaintenanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:maintenance:Maintenance", name, None, opts)
        trigger = aws.glue.Trigger(
            "maintain",
            name=args.names.maintenance_trigger,
            description="Starts the job's maintenance at its times",
            type="SCHEDULED",
            schedule=args.expression,
            start_on_creation=True,
            actions=[
                aws.glue.TriggerActionArgs(job_name=args.job_name, arguments={"--task": "maintain"})
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.outputs = {"expression": args.expression, "trigger_name": trigger.name}
        self.register_outputs({"outputs": self.outputs})
