"""What moto's EC2 forgets of VPC endpoints and of the rules of security groups.

An endpoint whose type the client leaves to AWS is a gateway, without which moto cannot go on, and a
gateway has no private DNS. A rule keeps its description, and its change reaches the other end too,
whatever that is.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.vpcs import VPCs

from localaws.patching import replace

if TYPE_CHECKING:
    from moto.core.responses import ActionResult

    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Mend both."""
    _mend_endpoints()
    _mend_rules()


def _mend_endpoints() -> None:
    create, modify = VPCEndPoint.__init__, VPCs.modify_vpc_endpoint

    def init(self: VPCEndPoint, *args: Any, **named: Any) -> None:
        create(self, *args, **named)
        self.vpc_endpoint_type = self.vpc_endpoint_type or "Gateway"
        if self.vpc_endpoint_type == "Gateway":
            self.private_dns_enabled = False

    def modify_vpc_endpoint(self: VPCs) -> ActionResult:
        reply = modify(self)
        private = self._get_bool_param("PrivateDnsEnabled")
        if private is not None:
            identifier = self._get_param("VpcEndpointId")
            (endpoint,) = self.ec2_backend.describe_vpc_endpoints([identifier])
            endpoint.private_dns_enabled = private
        return reply

    replace(VPCEndPoint, __init__=init)
    replace(VPCs, modify_vpc_endpoint=modify_vpc_endpoint)


def _mend_rules() -> None:
    create = SecurityGroupRule.__init__
    modify = SecurityGroupBackend.modify_security_group_rules

    def init(self: SecurityGroupRule, *args: Any, **named: Any) -> None:
        create(self, *args, **named)
        given = signature(create).bind(self, *args, **named).arguments
        for end in ("source_group", "prefix_list_id"):
            _describe(self, (given.get(end) or {}).get("Description"))

    def description(self: SecurityGroupRule) -> str | None:
        told: str | None = vars(self).get("described") or self.ip_range.get("Description")
        return told

    def modify_security_group_rules(
        self: SecurityGroupBackend, group_id: str, rules: dict[str, dict[str, Any]]
    ) -> None:
        modify(self, group_id, rules)
        group = self.get_security_group_by_name_or_id(group_id)
        for identifier, wanted in rules.items():
            rule = None if group is None else group.get_rule(identifier)
            if rule is not None:
                _set_other_end(rule, wanted)

    replace(SecurityGroupRule, __init__=init, description=property(description))
    replace(SecurityGroupBackend, modify_security_group_rules=modify_security_group_rules)


def _describe(rule: SecurityGroupRule, description: str | None) -> None:
    if description is not None:
        vars(rule)["described"] = description


def _set_other_end(rule: SecurityGroupRule, wanted: dict[str, Any]) -> None:
    ranges = {"CidrIp": wanted.get("CidrIpv4"), "CidrIpv6": wanted.get("CidrIpv6")}
    rule.ip_range = {key: value for key, value in ranges.items() if value}
    rule.prefix_list_id = wanted.get("PrefixListId")
    group = wanted.get("ReferencedGroupId")
    rule.source_group = {"GroupId": group, "UserId": rule.ec2_backend.account_id} if group else {}
    _describe(rule, wanted.get("Description"))
