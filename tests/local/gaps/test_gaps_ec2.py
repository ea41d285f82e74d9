"""Endpoints and rules of security groups, of which moto alone forgets a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def test_gateway_endpoints_can_be_deleted(client: Callable[[Any], Any]) -> None:
    """A VPC endpoint without a type is a gateway, from creation to deletion."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    assert endpoint["VpcEndpoint"]["VpcEndpointType"] == "Gateway"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]])


@pytest.mark.parametrize("egress", [False, True])
def test_a_rule_keeps_its_description_and_can_be_changed(
    client: Callable[[Any], Any], *, egress: bool
) -> None:
    """Whatever its other end is: a group, a prefix list or a range."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    prefixes = ec2.describe_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    ends = {
        "UserIdGroupPairs": {"GroupId": group},
        "PrefixListIds": {"PrefixListId": prefixes},
        "IpRanges": {"CidrIp": "10.0.0.0/24"},
    }
    authorize = (
        ec2.authorize_security_group_egress if egress else ec2.authorize_security_group_ingress
    )
    for kind, end in ends.items():
        ports = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
        authorize(GroupId=group, IpPermissions=[{**ports, kind: [{**end, "Description": kind}]}])

    def rules() -> dict[str, dict[str, Any]]:
        wanted = [{"Name": "group-id", "Values": [group]}]
        found = ec2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
        return {rule["Description"]: rule for rule in found if "Description" in rule}

    made = rules()
    assert made.keys() == ends.keys()
    for kind, rule in made.items():
        change = {"IpProtocol": "tcp", "FromPort": 3, "ToPort": 4, "Description": f"{kind} now"}
        # Each rule gets another kind of other end than it had.
        other = {"CidrIpv4": "10.1.0.0/24"} if kind != "IpRanges" else {"PrefixListId": prefixes}
        ec2.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
                    "SecurityGroupRule": {**change, **other},
                }
            ],
        )
    changed = rules()
    assert changed.keys() == {f"{kind} now" for kind in ends}
    assert changed["PrefixListIds now"]["CidrIpv4"] == "10.1.0.0/24"
    assert "PrefixListId" not in changed["PrefixListIds now"]
    assert changed["IpRanges now"]["PrefixListId"] == prefixes
    assert "ReferencedGroupInfo" not in changed["UserIdGroupPairs now"]
