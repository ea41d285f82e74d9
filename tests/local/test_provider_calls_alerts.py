"""The calls with which the AWS provider makes, reads and deletes topics, rules, grants, budgets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:pc-alerts"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0e5a"
TAGS = [{"Key": "Environment", "Value": "dev"}, {"Key": "ManagedBy", "Value": "pulumi"}]


def test_a_topic_has_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """With its key, its policy and a subscriber by e-mail."""
    sns = client("sns")
    made = sns.create_topic(Name="pc-alerts", Attributes={"KmsMasterKeyId": KEY}, Tags=TAGS)
    assert made["TopicArn"] == TOPIC
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
    }
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    sns.set_topic_attributes(
        TopicArn=TOPIC, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    shown = sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]
    assert (shown["KmsMasterKeyId"], shown["Owner"]) == (KEY, ACCOUNT)
    assert json.loads(shown["Policy"]) == policy
    assert sns.list_tags_for_resource(ResourceArn=TOPIC)["Tags"] == TAGS
    subscription = sns.subscribe(
        TopicArn=TOPIC, Protocol="email", Endpoint="team@example.com", Attributes={},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]  # fmt: skip
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    wanted = {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": "team@example.com"}
    assert wanted.items() <= attributes.items()
    sns.unsubscribe(SubscriptionArn=subscription)
    code = refusal(sns.get_subscription_attributes, SubscriptionArn=subscription)
    assert code == ("NotFound", 404)
    sns.delete_topic(TopicArn=TOPIC)
    assert refusal(sns.get_topic_attributes, TopicArn=TOPIC) == ("NotFound", 404)


def test_a_rule_and_its_target_have_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """The target comes back with its transformer; the rule goes after it."""
    events = client("events")
    pattern = json.dumps({"detail": {"state": ["FAILED"]}, "source": ["aws.glue"]})
    bus = {"EventBusName": "default"}
    wanted = {"Name": "pc-failed", "EventPattern": pattern, "Description": "d", "State": "ENABLED"}
    arn = events.put_rule(**bus, **wanted, Tags=TAGS)["RuleArn"]
    assert {**bus, **wanted, "Arn": arn}.items() <= events.describe_rule(
        **bus, Name="pc-failed"
    ).items()
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == TAGS
    transformer = {"InputPathsMap": {"job": "$.detail.jobName"}, "InputTemplate": '"<job> failed"'}
    target = {"Id": "alerts", "Arn": TOPIC, "InputTransformer": transformer}
    reply = events.put_targets(**bus, Rule="pc-failed", Targets=[target])
    assert reply["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(**bus, Rule="pc-failed")["Targets"] == [target]
    assert refusal(events.delete_rule, **bus, Name="pc-failed") == ("ValidationException", 400)
    reply = events.remove_targets(**bus, Rule="pc-failed", Ids=["alerts"], Force=False)
    assert reply["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(**bus, Rule="pc-failed")["Targets"] == []
    events.delete_rule(**bus, Name="pc-failed")
    gone = ("ResourceNotFoundException", 400)
    assert refusal(events.describe_rule, **bus, Name="pc-failed") == gone
    assert refusal(events.list_targets_by_rule, **bus, Rule="pc-failed") == gone


@pytest.mark.parametrize(
    ("resource", "permissions"),
    [
        ({"Database": {"Name": "pc"}}, ["DESCRIBE"]),
        ({"Table": {"DatabaseName": "pc", "TableWildcard": {}}}, ["DESCRIBE", "SELECT"]),
        ({"Table": {"DatabaseName": "pc", "Name": "songs"}}, ["DESCRIBE", "SELECT"]),
    ],
)
def test_a_grant_has_a_whole_life(
    client: Callable[[str], Any], resource: dict[str, Any], permissions: list[str]
) -> None:
    """Listed for its principal and resource while it is there, and not afterwards."""
    lake = client("lakeformation")
    ((kind, place),) = resource.items()
    grant = {
        "CatalogId": ACCOUNT,
        "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/pc-analyst"},
        "Resource": {kind: {"CatalogId": ACCOUNT, **place}},
    }
    lake.grant_permissions(**grant, Permissions=permissions, PermissionsWithGrantOption=[])
    (shown,) = lake.list_permissions(**grant)["PrincipalResourcePermissions"]
    assert shown["Resource"] == grant["Resource"]
    assert sorted(shown["Permissions"]) == permissions
    assert shown["PermissionsWithGrantOption"] == []
    lake.revoke_permissions(**grant, Permissions=permissions, PermissionsWithGrantOption=[])
    assert lake.list_permissions(**grant)["PrincipalResourcePermissions"] == []


def test_a_budget_has_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """Notifications are made one by one after the budget, and read with their subscribers."""
    budgets = client("budgets")
    named = {"AccountId": ACCOUNT, "BudgetName": "pc-monthly"}
    budget = {
        "BudgetName": "pc-monthly",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    budgets.create_budget(AccountId=ACCOUNT, Budget=budget, ResourceTags=TAGS)
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
        "ThresholdType": "PERCENTAGE",
    }
    subscribers = [{"SubscriptionType": "SNS", "Address": TOPIC}]
    budgets.create_notification(**named, Notification=notification, Subscribers=subscribers)
    assert budget.items() <= budgets.describe_budget(**named)["Budget"].items()
    listed = budgets.describe_notifications_for_budget(**named)["Notifications"]
    assert listed == [notification]
    read = budgets.describe_subscribers_for_notification(**named, Notification=notification)
    assert read["Subscribers"] == subscribers
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/pc-monthly"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == TAGS
    budgets.delete_budget(**named)
    assert refusal(budgets.describe_budget, **named) == ("NotFoundException", 400)
    assert refusal(budgets.delete_budget, **named) == ("NotFoundException", 400)
