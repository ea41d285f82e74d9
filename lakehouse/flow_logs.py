"""Who talked to whom in the VPC: flow logs, in CloudWatch Logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse import network_policies
from lakehouse.permissions import ActorRole, ActorRoleArgs

if TYPE_CHECKING:
    from lakehouse.naming import Names


@dataclass(frozen=True)
class FlowLogsArgs:
    """The VPC to watch, and how its log is kept."""

    names: Names
    vpc_id: pulumi.Input[str]
    retention_days: int
    """One of the numbers that CloudWatch Logs takes."""
    key_arn: pulumi.Input[str] | None
    """The key of the log group; without one, CloudWatch's own."""
    boundary: str | None


class FlowLogs(pulumi.ComponentResource):
    """Accepted and rejected traffic of every network interface (CKV2_AWS_11, FSBP EC2.6)."""

    def __init__(
        self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:flow_logs:FlowLogs", name, None, opts)
        names = args.names
        child = pulumi.ResourceOptions(parent=self)
        role = ActorRole(
            "flow-logs-role",
            ActorRoleArgs(
                role_name=names.role("flow-logs"),
                description="VPC flow logs: to their log group",
                trust=network_policies.flow_logs_trust(names),
                policy=network_policies.flow_logs_policy(names),
                boundary=args.boundary,
            ),
            child,
        )
        group = aws.cloudwatch.LogGroup(
            "flow-logs",
            name=names.flow_log_group,
            retention_in_days=args.retention_days,
            kms_key_id=args.key_arn,
            opts=child,
        )
        aws.ec2.FlowLog(
            "flow-logs",
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            # The longer of the two intervals makes fewer, cheaper records.
            max_aggregation_interval=600,
            tags={"Name": names.base},
            # Nothing of a flow log can be changed, and EC2 takes no second one like it.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({})
