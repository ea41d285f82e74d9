"""Budgets with their notifications."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_NOTIFICATION: Shape = {
    "comparisonOperator": "ComparisonOperator",
    "notificationType": "NotificationType",
    "threshold": "Threshold",
    "thresholdType": "ThresholdType",
    "subscriberSnsTopicArns": "SNS",
    "subscriberEmailAddresses": "EMAIL",
}
_BUDGET: Shape = {
    "name": "BudgetName",
    "budgetType": "BudgetType",
    "limitAmount": "Amount",
    "limitUnit": "Unit",
    "timeUnit": "TimeUnit",
    "notifications": Nested("Notifications", _NOTIFICATION),
}
_CHANNELS = ("SNS", "EMAIL")


def _arn(clients: Clients, name: str) -> str:
    return f"arn:{clients.partition}:budgets::{clients.account_id}:budget/{name}"


def _requests(inputs: Properties) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The budget, and its notifications with those who hear of them, as the API wants them."""
    budget = request(_BUDGET, inputs)
    notifications = []
    for one in budget.pop("Notifications", []):
        subscribers = [
            {"SubscriptionType": channel, "Address": address}
            for channel in _CHANNELS
            for address in one.pop(channel, None) or []
        ]
        notifications.append({"Notification": one, "Subscribers": subscribers})
    budget["BudgetLimit"] = {"Amount": budget.pop("Amount"), "Unit": budget.pop("Unit")}
    return budget, notifications


def _create(clients: Clients, inputs: Properties) -> Made:
    budgets, account, name = clients("budgets"), clients.account_id, inputs["name"]
    budget, notifications = _requests(inputs)
    try:
        budgets.create_budget(
            AccountId=account,
            Budget=budget,
            NotificationsWithSubscribers=notifications,
            ResourceTags=tag_list(inputs),
        )
    except budgets.exceptions.DuplicateRecordException:
        return _update(clients, name, inputs)
    return Made(f"{account}:{name}", {"arn": _arn(clients, name), "accountId": account})


def _update(clients: Clients, _: str, inputs: Properties) -> Made:
    budgets, account, name = clients("budgets"), clients.account_id, inputs["name"]
    budget, notifications = _requests(inputs)
    budgets.update_budget(AccountId=account, NewBudget=budget)
    which = {"AccountId": account, "BudgetName": name}
    for old in budgets.describe_notifications_for_budget(**which)["Notifications"]:
        budgets.delete_notification(**which, Notification=old)
    for new in notifications:
        budgets.create_notification(**which, **new)
    arn, tags = _arn(clients, name), tag_list(inputs)
    kept = {tag["Key"] for tag in tags}
    old_tags = tag_map(budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"])
    stale = sorted(old_tags.keys() - kept)
    if stale:
        budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=stale)
    if tags:
        budgets.tag_resource(ResourceARN=arn, ResourceTags=tags)
    return Made(f"{account}:{name}", {"arn": arn, "accountId": account})


def _describe(clients: Clients, _: str, inputs: Properties) -> Properties | None:
    budgets, name = clients("budgets"), inputs["name"]
    which = {"AccountId": clients.account_id, "BudgetName": name}
    try:
        found = budgets.describe_budget(**which)["Budget"]
    except budgets.exceptions.NotFoundException:
        return None
    notifications = []
    for one in budgets.describe_notifications_for_budget(**which)["Notifications"]:
        reply = budgets.describe_subscribers_for_notification(**which, Notification=one)
        heard: dict[str, list[str]] = {}
        for subscriber in reply["Subscribers"]:
            heard.setdefault(subscriber["SubscriptionType"], []).append(subscriber["Address"])
        notifications.append({**one, **heard})
    # AWS writes the amount with a fraction: 50 comes back as 50.0.
    amount = f"{Decimal(found['BudgetLimit']['Amount']).normalize():f}"
    tags = budgets.list_tags_for_resource(ResourceARN=_arn(clients, name))["ResourceTags"]
    whole = {
        **found,
        "Amount": amount,
        "Unit": found["BudgetLimit"]["Unit"],
        "Notifications": notifications,
    }
    return {**told(_BUDGET, whole), "tagsAll": tag_map(tags)}


def _delete(clients: Clients, _: str, inputs: Properties) -> None:
    budgets = clients("budgets")
    try:
        budgets.delete_budget(AccountId=clients.account_id, BudgetName=inputs["name"])
    except budgets.exceptions.NotFoundException:
        return


TYPES: dict[str, ResourceType] = {
    "aws:budgets/budget:Budget": ResourceType(
        shape=_BUDGET,
        create=_create,
        describe=_describe,
        update=_update,
        delete=_delete,
        replace_on=frozenset({"name"}),
        taggable=True,
    ),
}
