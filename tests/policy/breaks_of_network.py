"""What breaks the rules of the network: its ways out, its groups and its endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model import UNKNOWN
from policy.network import ROUTE_TARGETS
from tests.policy.changes import NOT, OTHER, OURS, add, drop, of, put, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policy.changes import Break

INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "ec2/securityGroup:SecurityGroup"
ENDPOINT = "ec2/vpcEndpoint:VpcEndpoint"
ANYTHING: dict[str, Any] = {"Principal": "*", "Action": "s3:*", "Resource": "*"}

NETWORK_BREAKS: Mapping[str, list[Break]] = {
    "flow-logs": [
        drop("ec2/flowLog:FlowLog"),
        put("ec2/flowLog:FlowLog", "trafficType", "REJECT"),
    ],
    "default-group": [
        drop("ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        put("ec2/defaultSecurityGroup:DefaultSecurityGroup", "ingress", [{"protocol": "-1"}]),
    ],
    "no-public-subnet": [
        put("ec2/subnet:Subnet", "mapPublicIpOnLaunch", True),
        add("ec2/internetGateway:InternetGateway", vpcId="vpc-1"),
        add("ec2/natGateway:NatGateway", subnetId="subnet-1"),
        add("ec2/route:Route", gatewayId="igw-1"),
        put("ec2/routeTable:RouteTable", "routes", [{"gatewayId": "igw-1"}]),
        add("ec2/defaultRouteTable:DefaultRouteTable", routes=[{"natGatewayId": "nat-1"}]),
        add("ec2/vpcPeeringConnection:VpcPeeringConnection", peerVpcId="vpc-2"),
        *(add("ec2/route:Route", **{target: "x-1"}) for target in ROUTE_TARGETS),
    ],
    "closed-groups": [
        put(INGRESS, "cidrIpv4", "0.0.0.0/0"),
        put(EGRESS, "cidrIpv6", "::/0"),
        put(EGRESS, "cidrIpv4", "3.0.0.0/8"),
        put(EGRESS, "cidrIpv4", "10.0.0.0/8"),
        put(INGRESS, "cidrIpv4", "10.1.0.0/16"),
        put(GROUP, "ingress", [{"cidrBlocks": ["3.0.0.0/8"]}]),
        add("ec2/securityGroupRule:SecurityGroupRule", cidrBlocks=["3.0.0.0/8"]),
        put(EGRESS, "toPort", 65535),
        put(GROUP, "egress", [{"cidrBlocks": ["0.0.0.0/0"]}]),
    ],
    "described-groups": [
        put(GROUP, "description", None),
        put(GROUP, "ingress", [{"cidrBlocks": ["10.0.0.0/16"]}]),
        put(EGRESS, "description", ""),
        drop(ENDPOINT),
        add("ec2/networkAcl:NetworkAcl", vpcId="vpc-1"),
    ],
    "endpoints": [
        drop(ENDPOINT, "s3"),
        drop(ENDPOINT, "kms"),
        put(ENDPOINT, "policy", None),
        state(ENDPOINT, Principal="*", Action="s3:*", Resource="*"),
        state(ENDPOINT, Principal="*", Action="s3:*", NotResource="arn:aws:s3:::landing/*"),
        state(ENDPOINT, **ANYTHING, **of("aws:PrincipalAccount", OURS, NOT)),
        state(ENDPOINT, **ANYTHING, **of("aws:ResourceAccount", OURS, NOT)),
        state(ENDPOINT, **ANYTHING, **of("aws:PrincipalAccount", OTHER)),
        *(
            state(ENDPOINT, Principal="*", Action="s3:*", Resource=place)
            for place in (
                "arn:aws:s3:::evil/*",
                "arn:aws:s3:::*",
                "arn:aws:s3:::land*",
                "arn:aws:s3:::aws-glue-assets/*",
                f"arn:aws:kms:us-east-1:{OTHER}:key/k",
            )
        ),
        add(
            ENDPOINT,
            serviceName="com.amazonaws.us-east-1.athena",
            vpcEndpointType="Interface",
            policy=UNKNOWN,
        ),
    ],
}
