"""Calls on log groups and budgets, which moto alone lacks or answers in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.local.gaps.answers import ACCOUNT, code_of

if TYPE_CHECKING:
    from collections.abc import Callable


def test_log_groups_change_their_key(client: Callable[[Any], Any]) -> None:
    """A key can be given to a log group and taken away again."""
    logs = client("logs")
    logs.create_log_group(logGroupName="g")
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"

    def shown() -> str | None:
        group = logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"][0]
        found: str | None = group.get("kmsKeyId")
        return found

    logs.associate_kms_key(logGroupName="g", kmsKeyId=key)
    assert shown() == key
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"
    logs.disassociate_kms_key(resourceIdentifier=arn)
    assert shown() is None
    code = code_of(logs.associate_kms_key, logGroupName="no", kmsKeyId=key)
    assert code == "ResourceNotFoundException"


def test_budgets_have_a_whole_life(client: Callable[[Any], Any]) -> None:
    """A budget shows subscribers and tags, and can be changed."""
    budgets = client("budgets")
    budget = {
        "BudgetName": "b",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    notification = {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": 80.0,
    }
    subscribers = [{"SubscriptionType": "EMAIL", "Address": "someone@example.com"}]
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget,
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": subscribers}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    changed = {**budget, "BudgetLimit": {"Amount": "20", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=changed)
    shown = budgets.describe_budget(AccountId=ACCOUNT, BudgetName="b")["Budget"]
    assert shown["BudgetLimit"]["Amount"] == "20"
    found = budgets.describe_subscribers_for_notification(
        AccountId=ACCOUNT, BudgetName="b", Notification=notification
    )
    assert found["Subscribers"] == subscribers
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/b"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "c", "Value": "d"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["a"])
    tags = budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert tags == [{"Key": "c", "Value": "d"}]
    code = code_of(
        budgets.update_budget, AccountId=ACCOUNT, NewBudget={**budget, "BudgetName": "no"}
    )
    assert code == "NotFoundException"
