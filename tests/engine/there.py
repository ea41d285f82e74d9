"""What is on the server, by kind: what a stack made, and what of it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def named(client: Callable[[str], Any], part: str) -> dict[str, list[str]]:
    """Everything on the server whose name holds the part, by kind."""
    found = {
        "buckets": [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]],
        "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
        "jobs": [job["Name"] for job in client("glue").get_jobs()["Jobs"]],
        "crawlers": [crawler["Name"] for crawler in client("glue").get_crawlers()["Crawlers"]],
        "databases": [
            database["Name"].replace("_", "-")
            for database in client("glue").get_databases()["DatabaseList"]
        ],
        "workgroups": [
            group["Name"] for group in client("athena").list_work_groups()["WorkGroups"]
        ],
        "keys": [
            alias["AliasName"]
            for alias in client("kms").list_aliases()["Aliases"]
            if client("kms").describe_key(KeyId=alias["AliasName"])["KeyMetadata"]["Enabled"]
        ],
        "security configurations": [
            configuration["Name"]
            for configuration in client("glue").get_security_configurations()[
                "SecurityConfigurations"
            ]
        ],
        "log groups": [
            group["logGroupName"]
            for group in client("logs").describe_log_groups(limit=50)["logGroups"]
        ],
        "workflows": client("glue").list_workflows()["Workflows"],
        "triggers": client("glue").list_triggers()["TriggerNames"],
        "topics": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "subscriptions": [
            one["TopicArn"] for one in client("sns").list_subscriptions()["Subscriptions"]
        ],
        "event rules": [rule["Name"] for rule in client("events").list_rules()["Rules"]],
        "alarms": [
            alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "dashboards": [
            entry["DashboardName"]
            for entry in client("cloudwatch").list_dashboards()["DashboardEntries"]
        ],
        "parameters": [
            parameter["Name"] for parameter in client("ssm").describe_parameters()["Parameters"]
        ],
    }
    return {
        kind: [name for name in names if part in name]
        for kind, names in found.items()
        if any(part in name for name in names)
    }


def in_network(client: Callable[[str], Any], vpc: str, name: str) -> dict[str, list[str]]:
    """What is there of a network, by kind."""
    ec2, inside = client("ec2"), [{"Name": "vpc-id", "Values": [vpc]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    groups = client("logs").describe_log_groups()["logGroups"]
    found = {
        "vpcs": [each["VpcId"] for each in ec2.describe_vpcs(Filters=inside)["Vpcs"]],
        "subnets": [each["SubnetId"] for each in ec2.describe_subnets(Filters=inside)["Subnets"]],
        "groups": [
            each["GroupId"]
            for each in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        ],
        # EC2 tells about deleted endpoints for a while.
        "endpoints": [each["ServiceName"] for each in endpoints if each["State"] != "deleted"],
        "interfaces": [
            each["NetworkInterfaceId"]
            for each in ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"]
        ],
        "flow logs": [
            each["FlowLogId"]
            for each in ec2.describe_flow_logs()["FlowLogs"]
            if each["ResourceId"] == vpc
        ],
        "log groups": [each["logGroupName"] for each in groups if name in each["logGroupName"]],
        "connections": [
            each["Name"]
            for each in client("glue").get_connections()["ConnectionList"]
            if name in each["Name"]
        ],
        "roles": [
            each["RoleName"]
            for each in client("iam").list_roles()["Roles"]
            if name in each["RoleName"]
        ],
    }
    return {kind: things for kind, things in found.items() if things}
