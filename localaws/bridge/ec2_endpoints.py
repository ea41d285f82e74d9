"""VPC endpoints and flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.bridge.ec2_resource import arn, ec2_type, filters, first
from localaws.bridge.errors import ProvisionError
from localaws.bridge.shapes import Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties, ResourceType

_ENDPOINT: Shape = {
    "vpcId": "VpcId",
    "serviceName": "ServiceName",
    "vpcEndpointType": "VpcEndpointType",
    "policy": "PolicyDocument",
    "routeTableIds": "RouteTableIds",
    "subnetIds": "SubnetIds",
    "securityGroupIds": "SecurityGroupIds",
    "privateDnsEnabled": "PrivateDnsEnabled",
}
_FLOW_LOG: Shape = {
    "vpcId": "ResourceIds",
    "trafficType": "TrafficType",
    "logDestinationType": "LogDestinationType",
    "logDestination": "LogDestination",
    "iamRoleArn": "DeliverLogsPermissionArn",
    "maxAggregationInterval": "MaxAggregationInterval",
}


def _create_endpoint(clients: Clients, inputs: Properties) -> str:
    reply = clients("ec2").create_vpc_endpoint(**request(_ENDPOINT, inputs))
    return str(reply["VpcEndpoint"]["VpcEndpointId"])


def _present_endpoint(clients: Clients, inputs: Properties) -> str | None:
    wanted = filters(
        vpc_id=inputs["vpcId"],
        service_name=inputs["serviceName"],
        vpc_endpoint_type=inputs.get("vpcEndpointType", "Gateway"),
    )
    return (first(clients, "describe_vpc_endpoints", Filters=wanted) or {}).get("VpcEndpointId")


def _settle_endpoint(clients: Clients, found: dict[str, Any], inputs: Properties) -> None:
    changes: dict[str, Any] = {}
    groups = [group["GroupId"] for group in found.get("Groups", [])]
    for name, old, new in (
        ("RouteTableIds", found.get("RouteTableIds", []), inputs.get("routeTableIds", [])),
        ("SubnetIds", found.get("SubnetIds", []), inputs.get("subnetIds", [])),
        ("SecurityGroupIds", groups, inputs.get("securityGroupIds", [])),
    ):
        added, removed = sorted(set(new) - set(old)), sorted(set(old) - set(new))
        if added:
            changes[f"Add{name}"] = added
        if removed:
            changes[f"Remove{name}"] = removed
    if "policy" in inputs and inputs["policy"] != found.get("PolicyDocument"):
        changes["PolicyDocument"] = inputs["policy"]
    is_interface = found["VpcEndpointType"] == "Interface"
    private = inputs.get("privateDnsEnabled", False)
    if is_interface and private != found.get("PrivateDnsEnabled", False):
        changes["PrivateDnsEnabled"] = private
    if changes:
        clients("ec2").modify_vpc_endpoint(VpcEndpointId=found["VpcEndpointId"], **changes)


def _endpoint_inputs(_: Clients, found: dict[str, Any]) -> Properties:
    groups = [group["GroupId"] for group in found.get("Groups", [])]
    return told(_ENDPOINT, {**found, "SecurityGroupIds": groups})


def _endpoint_outputs(clients: Clients, found: dict[str, Any]) -> dict[str, Any]:
    outputs = {
        "arn": arn(clients, "vpc-endpoint", found["VpcEndpointId"]),
        "ownerId": found["OwnerId"],
        "state": found["State"],
        "networkInterfaceIds": found.get("NetworkInterfaceIds", []),
        "dnsEntries": [
            {"dnsName": entry["DnsName"], "hostedZoneId": entry["HostedZoneId"]}
            for entry in found.get("DnsEntries", [])
        ],
    }
    if found["VpcEndpointType"] == "Gateway":
        wanted = filters(prefix_list_name=found["ServiceName"])
        prefixes = first(clients, "describe_prefix_lists", Filters=wanted) or {}
        outputs["prefixListId"] = prefixes.get("PrefixListId")
        outputs["cidrBlocks"] = prefixes.get("Cidrs", [])
    return outputs


def _flow_log_request(inputs: Properties) -> dict[str, Any]:
    parameters = request(_FLOW_LOG, inputs)
    parameters["ResourceIds"] = [parameters["ResourceIds"]]
    return {"ResourceType": "VPC", "MaxAggregationInterval": 600, **parameters}


def _create_flow_log(clients: Clients, inputs: Properties) -> str:
    reply = clients("ec2").create_flow_logs(**_flow_log_request(inputs))
    # EC2 answers 200 to what it refuses.
    for refused in reply["Unsuccessful"]:
        raise ProvisionError(
            f"the flow log of {refused['ResourceId']} was refused: {refused['Error']['Message']}"
        )
    return str(reply["FlowLogIds"][0])


def _present_flow_log(clients: Clients, inputs: Properties) -> str | None:
    wanted = _flow_log_request(inputs)
    del wanted["ResourceType"]
    (resource,) = wanted.pop("ResourceIds")
    reply = clients("ec2").describe_flow_logs(Filters=filters(resource_id=resource))
    for log in reply["FlowLogs"]:
        if all(log.get(name) == value for name, value in wanted.items()):
            return str(log["FlowLogId"])
    return None


TYPES: dict[str, ResourceType] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": ec2_type(
        _ENDPOINT,
        create=_create_endpoint,
        describe=lambda clients, endpoint, _: first(
            clients, "describe_vpc_endpoints", VpcEndpointIds=[endpoint]
        ),
        present=_present_endpoint,
        delete=lambda clients, endpoint, _: clients("ec2").delete_vpc_endpoints(
            VpcEndpointIds=[endpoint]
        ),
        inputs_of=_endpoint_inputs,
        outputs=_endpoint_outputs,
        settle=_settle_endpoint,
        replace_on=("vpcId", "serviceName", "vpcEndpointType"),
        unordered=("routeTableIds", "subnetIds", "securityGroupIds"),
        defaults={"vpcEndpointType": "Gateway", "privateDnsEnabled": False},
    ),
    "aws:ec2/flowLog:FlowLog": ec2_type(
        _FLOW_LOG,
        create=_create_flow_log,
        describe=lambda clients, log, _: first(clients, "describe_flow_logs", FlowLogIds=[log]),
        present=_present_flow_log,
        delete=lambda clients, log, _: clients("ec2").delete_flow_logs(FlowLogIds=[log]),
        inputs_of=lambda _, found: told(_FLOW_LOG, {**found, "ResourceIds": found["ResourceId"]}),
        outputs=lambda clients, found: {"arn": arn(clients, "vpc-flow-log", found["FlowLogId"])},
        replace_on=_FLOW_LOG,
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    ),
}
