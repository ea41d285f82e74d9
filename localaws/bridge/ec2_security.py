"""Security groups and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.ec2_resource import arn, ec2_type, filters, first
from localaws.bridge.shapes import Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

_GROUP: Shape = {"name": "GroupName", "description": "Description", "vpcId": "VpcId"}
_DEFAULT_GROUP: Shape = {"vpcId": "VpcId"}
_RULE: Shape = {
    "securityGroupId": "GroupId",
    "ipProtocol": "IpProtocol",
    "fromPort": "FromPort",
    "toPort": "ToPort",
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
    "description": "Description",
}
_OTHER_END = {
    "CidrIpv4": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "PrefixListId": ("PrefixListIds", "PrefixListId"),
    "ReferencedGroupId": ("UserIdGroupPairs", "GroupId"),
}
"""What a rule says about its other end, and how the call that makes rules wants it."""


def _rules(clients: Clients, group: str) -> list[dict[str, Any]]:
    reply = clients("ec2").describe_security_group_rules(Filters=filters(group_id=group))
    return list(reply["SecurityGroupRules"])


def _empty(clients: Clients, group: str) -> None:
    for egress in (False, True):
        rules = [
            rule["SecurityGroupRuleId"]
            for rule in _rules(clients, group)
            if rule["IsEgress"] is egress
        ]
        if rules:
            _revoke(clients, group, rules, egress=egress)


def _revoke(clients: Clients, group: str, rules: list[str], *, egress: bool) -> None:
    ec2 = clients("ec2")
    call = ec2.revoke_security_group_egress if egress else ec2.revoke_security_group_ingress
    call(GroupId=group, SecurityGroupRuleIds=rules)


def _create_group(clients: Clients, inputs: Properties) -> str:
    group = str(clients("ec2").create_security_group(**request(_GROUP, inputs))["GroupId"])
    # AWS lets a new group out to everywhere; a group of Pulumi's has the rules that it declares.
    _empty(clients, group)
    return group


def _present_group(clients: Clients, inputs: Properties) -> str | None:
    wanted = filters(
        vpc_id=inputs["vpcId"], group_name=inputs["name"], description=inputs["description"]
    )
    return (first(clients, "describe_security_groups", Filters=wanted) or {}).get("GroupId")


def _default_group(clients: Clients, inputs: Properties) -> str:
    wanted = filters(vpc_id=inputs["vpcId"], group_name="default")
    found = first(clients, "describe_security_groups", Filters=wanted) or {}
    return str(found.get("GroupId"))


def _group_outputs(clients: Clients, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": arn(clients, "security-group", found["GroupId"]),
        "ownerId": found["OwnerId"],
        "name": found["GroupName"],
        "description": found["Description"],
    }


def _default_group_inputs(clients: Clients, found: dict[str, Any]) -> Properties:
    # Rules that the program does not want are something else than it asked for.
    sides: dict[str, Any] = {"ingress": [], "egress": []}
    for rule in _rules(clients, found["GroupId"]):
        sides["egress" if rule["IsEgress"] else "ingress"].append(told(_RULE, _as_wanted(rule)))
    return {**told(_DEFAULT_GROUP, found), **sides}


def _describe_group(clients: Clients, group: str, _: Properties) -> dict[str, Any] | None:
    return first(clients, "describe_security_groups", GroupIds=[group])


def _rule_type(*, egress: bool) -> ResourceType:
    def create(clients: Clients, inputs: Properties) -> str:
        parameters = request(_RULE, inputs)
        described = (
            {"Description": parameters["Description"]} if "Description" in parameters else {}
        )
        permission: dict[str, Any] = {
            name: parameters[name]
            for name in ("IpProtocol", "FromPort", "ToPort")
            if name in parameters
        }
        for name, (kind, key) in _OTHER_END.items():
            if name in parameters:
                permission[kind] = [{key: parameters[name], **described}]
        ec2 = clients("ec2")
        authorize = (
            ec2.authorize_security_group_egress if egress else ec2.authorize_security_group_ingress
        )
        reply = authorize(GroupId=parameters["GroupId"], IpPermissions=[permission])
        return str(reply["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def present(clients: Clients, inputs: Properties) -> str | None:
        wanted = request(_RULE, inputs)
        for rule in _rules(clients, inputs["securityGroupId"]):
            if rule["IsEgress"] is egress and _as_wanted(rule) == wanted:
                return str(rule["SecurityGroupRuleId"])
        return None

    def settle(clients: Clients, found: dict[str, Any], inputs: Properties) -> None:
        wanted = request(_RULE, inputs)
        if _as_wanted(found) == wanted:
            return
        group = wanted.pop("GroupId")
        change = {
            "SecurityGroupRuleId": found["SecurityGroupRuleId"],
            "SecurityGroupRule": {"Description": "", **wanted},
        }
        clients("ec2").modify_security_group_rules(GroupId=group, SecurityGroupRules=[change])

    return ec2_type(
        _RULE,
        create=create,
        describe=lambda clients, rule, _: first(
            clients, "describe_security_group_rules", SecurityGroupRuleIds=[rule]
        ),
        present=present,
        delete=lambda clients, rule, inputs: _revoke(
            clients, inputs["securityGroupId"], [rule], egress=egress
        ),
        inputs_of=lambda _, found: told(_RULE, _as_wanted(found)),
        outputs=lambda clients, found: {
            "arn": arn(clients, "security-group-rule", found["SecurityGroupRuleId"]),
            "securityGroupRuleId": found["SecurityGroupRuleId"],
        },
        settle=settle,
        replace_on=("securityGroupId",),
    )


def _as_wanted(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as EC2 describes it, with the names of the call that changes it."""
    known = {name: rule[name] for name in _RULE.values() if name in rule}
    if "ReferencedGroupInfo" in rule:
        known["ReferencedGroupId"] = rule["ReferencedGroupInfo"]["GroupId"]
    if known["IpProtocol"] == "-1":
        # EC2 tells the ports of a rule about all protocols as -1.
        known = {name: known[name] for name in known if name not in {"FromPort", "ToPort"}}
    return known


TYPES: dict[str, ResourceType] = {
    "aws:ec2/securityGroup:SecurityGroup": ec2_type(
        _GROUP,
        create=_create_group,
        describe=_describe_group,
        present=_present_group,
        delete=lambda clients, group, _: clients("ec2").delete_security_group(GroupId=group),
        outputs=_group_outputs,
        replace_on=("name", "description", "vpcId"),
    ),
    # It comes and goes with its VPC: to make it is to empty it, and nothing deletes it.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ec2_type(
        _DEFAULT_GROUP,
        create=_default_group,
        describe=_describe_group,
        present=lambda *_: None,
        delete=lambda *_: None,
        inputs_of=_default_group_inputs,
        outputs=_group_outputs,
        settle=lambda clients, found, _: _empty(clients, found["GroupId"]),
        replace_on=("vpcId",),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule_type(egress=False),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule_type(egress=True),
}
