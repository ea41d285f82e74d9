"""A program with one of everything that a network is made of, for the tests that provision it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from tests.local.bridge_programs import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


def network(
    name: str,
    *,
    hostnames: bool = True,
    description: str = "HTTPS",
    port: int = 443,
    zones: str = "ab",
    policy: str = POLICY,
    private_dns: bool = True,
    flow: str = "flow",
    days: int = 30,
    group: str = "job",
    export: bool = True,
) -> Callable[[], None]:
    """Return a program with one of everything that a network is made of."""

    def program() -> None:
        vpc = aws.ec2.Vpc(
            "vpc", cidr_block="10.30.0.0/16", enable_dns_hostnames=hostnames, tags={"Name": name}
        )
        table = aws.ec2.RouteTable("table", vpc_id=vpc.id, tags={"Name": name})
        subnets = []
        for index, letter in enumerate("ab"):
            subnet = aws.ec2.Subnet(
                letter,
                vpc_id=vpc.id,
                cidr_block=f"10.30.{index}.0/24",
                availability_zone=f"{REGION}{letter}",
                map_public_ip_on_launch=False,
            )
            aws.ec2.RouteTableAssociation(letter, subnet_id=subnet.id, route_table_id=table.id)
            subnets.append(subnet)
        default = aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id)
        groups = {
            each: aws.ec2.SecurityGroup(each, name=each, description=f"The {each}", vpc_id=vpc.id)
            for each in ("job", "endpoints")
        }
        s3 = aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{REGION}.s3",
            route_table_ids=[table.id],
            policy=policy,
        )
        kms = aws.ec2.VpcEndpoint(
            "kms",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{REGION}.kms",
            vpc_endpoint_type="Interface",
            subnet_ids=[subnet.id for subnet, _ in zip(subnets, zones, strict=False)],
            security_group_ids=[groups["endpoints"].id],
            private_dns_enabled=private_dns,
            policy=policy,
        )
        ends: dict[str, dict[str, Any]] = {
            "itself": {"referenced_security_group_id": groups[group].id},
            "s3": {"prefix_list_id": s3.prefix_list_id},
            "range": {"cidr_ipv4": "10.30.0.0/16"},
        }
        rules: list[Any] = [
            aws.vpc.SecurityGroupEgressRule(
                f"to-{end}",
                security_group_id=groups["job"].id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{description} to {end}",
                **other,
            )
            for end, other in ends.items()
        ]
        rules.append(
            aws.vpc.SecurityGroupIngressRule(
                "from-itself",
                security_group_id=groups["job"].id,
                referenced_security_group_id=groups["job"].id,
                ip_protocol="-1",
                description="everything",
            )
        )
        log_group = aws.cloudwatch.LogGroup("flow", name=f"/{name}/{flow}", retention_in_days=days)
        log = aws.ec2.FlowLog(
            "flow",
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination=log_group.arn,
            iam_role_arn="arn:aws:iam::123456789012:role/flow",
            max_aggregation_interval=600,
        )
        connection = aws.glue.Connection(
            "a",
            name=name,
            connection_type="NETWORK",
            description=description,
            physical_connection_requirements={
                "availability_zone": f"{REGION}a",
                "subnet_id": subnets[0].id,
                "security_group_id_lists": [groups["job"].id],
            },
        )
        aws.glue.Job(
            "job",
            name=name,
            role_arn="arn:aws:iam::123456789012:role/job",
            command={"name": "glueetl", "script_location": "s3://b/s.py"},
            connections=[connection.name],
            timeout=port,
        )
        if not export:
            return
        pulumi.export("vpc", vpc.id)
        pulumi.export("table", table.id)
        pulumi.export("subnets", [subnet.id for subnet in subnets])
        pulumi.export("default", default.id)
        pulumi.export("groups", {each: made.id for each, made in groups.items()})
        pulumi.export("s3", s3.id)
        pulumi.export("prefix", s3.prefix_list_id)
        pulumi.export("kms", kms.id)
        pulumi.export("rules", [rule.security_group_rule_id for rule in rules])
        pulumi.export("log", log.id)
        pulumi.export("connection", connection.arn)

    return program
