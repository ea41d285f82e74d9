"""Where the job and the crawler run: a VPC without a way out, or one that is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from lakehouse import network_policies
from lakehouse.documents import json_text
from lakehouse.flow_logs import FlowLogs, FlowLogsArgs
from lakehouse.network_plan import PrivateNetwork
from lakehouse.network_policies import NetworkIds
from lakehouse.network_security import NetworkSecurity, NetworkSecurityArgs

if TYPE_CHECKING:
    from lakehouse.naming import Names
    from lakehouse.network_plan import ExistingNetwork


@dataclass(frozen=True)
class NetworkingArgs:
    """Which network, and how its flow logs are kept."""

    names: Names
    plan: PrivateNetwork | ExistingNetwork
    log_retention_days: int
    log_key_arn: pulumi.Input[str] | None = None
    """The key of the flow logs; without one, CloudWatch's own."""
    boundary: str | None = None
    """The permissions boundary of the role that delivers them."""


class Networking(pulumi.ComponentResource):
    """The network, and one Glue connection into each of its zones."""

    connections: tuple[pulumi.Output[str], ...]
    """The connections' names, known once whatever a run needs on its way is there."""
    ids: pulumi.Output[NetworkIds]
    """What the roles' policies speak of."""
    outputs: pulumi.Output[dict[str, Any]]
    """The same as plain values, for the stack's outputs."""

    def __init__(
        self, name: str, args: NetworkingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:networking:Networking", name, None, opts)
        plan = args.plan
        if isinstance(plan, PrivateNetwork):
            vpc_id, subnets, group_id, needed = self._private(args, plan)
        else:
            vpc_id = pulumi.Output.from_input(plan.vpc_id)
            subnets = {zone: pulumi.Output.from_input(id_) for zone, id_ in plan.subnets}
            group_id = pulumi.Output.from_input(plan.security_group_id)
            needed = []
        self.connections = tuple(
            self._connection(args.names, zone, subnet, group_id, needed)
            for zone, subnet in subnets.items()
        )
        self.ids = pulumi.Output.all(
            vpc_id=vpc_id,
            subnet_ids=list(subnets.values()),
            security_group_id=group_id,
            connections=list(self.connections),
        ).apply(
            lambda made: NetworkIds(
                made["vpc_id"],
                tuple(made["subnet_ids"]),
                made["security_group_id"],
                tuple(made["connections"]),
            )
        )
        self.outputs = self.ids.apply(lambda ids: {**ids.as_dict(), "zones": list(subnets)})
        self.register_outputs({"network": self.outputs})

    def _private(
        self, args: NetworkingArgs, plan: PrivateNetwork
    ) -> tuple[
        pulumi.Output[str],
        dict[str, pulumi.Output[str]],
        pulumi.Output[str],
        list[pulumi.Resource],
    ]:
        """The VPC: its id, subnets by zone, the group of the job, and what a run waits for."""
        names = args.names
        child = pulumi.ResourceOptions(parent=self)
        tags = {"Name": names.base}
        # Private DNS, by which an endpoint stands in for its service, needs both.
        vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=plan.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=tags,
            opts=child,
        )
        FlowLogs(
            "flow-logs",
            FlowLogsArgs(names, vpc.id, args.log_retention_days, args.log_key_arn, args.boundary),
            child,
        )
        # Its only routes are the VPC's own and that to S3: no internet gateway, no NAT.
        routes = aws.ec2.RouteTable("private", vpc_id=vpc.id, tags=tags, opts=child)
        s3 = aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=vpc.id,
            service_name=_service(names, "s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=[routes.id],
            policy=json_text(network_policies.s3_endpoint(names)),
            tags={"Name": f"{names.base}-s3"},
            opts=child,
        )
        security = NetworkSecurity(
            "security", NetworkSecurityArgs(names, vpc.id, s3.prefix_list_id), child
        )
        needed: list[pulumi.Resource] = [s3, security]
        subnets = {}
        for zone, cidr in plan.subnets:
            # Logical names hold no region: the zone's letter tells it apart.
            logical = f"private-{zone[-1]}"
            subnet = aws.ec2.Subnet(
                logical,
                vpc_id=vpc.id,
                cidr_block=cidr,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags={"Name": f"{names.base}-{zone}"},
                opts=child,
            )
            routed = aws.ec2.RouteTableAssociation(
                logical, subnet_id=subnet.id, route_table_id=routes.id, opts=child
            )
            needed.append(routed)
            subnets[zone] = subnet.id
        for service in plan.services:
            endpoint = aws.ec2.VpcEndpoint(
                service,
                vpc_id=vpc.id,
                service_name=_service(names, service),
                vpc_endpoint_type="Interface",
                subnet_ids=list(subnets.values()),
                security_group_ids=[security.endpoint_group_id],
                private_dns_enabled=True,
                policy=json_text(network_policies.service_endpoint(names, service)),
                tags={"Name": f"{names.base}-{service}"},
                opts=child,
            )
            needed.append(endpoint)
        return vpc.id, subnets, security.job_group_id, needed

    def _connection(
        self,
        names: Names,
        zone: str,
        subnet: pulumi.Output[str],
        group: pulumi.Output[str],
        needed: list[pulumi.Resource],
    ) -> pulumi.Output[str]:
        connection = aws.glue.Connection(
            f"private-{zone[-1]}",
            name=names.connection(zone),
            description=f"The network of the lakehouse in {zone}",
            connection_type="NETWORK",
            physical_connection_requirements=aws.glue.ConnectionPhysicalConnectionRequirementsArgs(
                availability_zone=zone,
                subnet_id=subnet,
                security_group_id_lists=[group],
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=needed),
        )
        return connection.name


def _service(names: Names, service: str) -> str:
    return f"com.amazonaws.{names.account.region}.{service}"
