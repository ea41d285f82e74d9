"""The calls on budgets that moto lacks: updates, subscribers of a notification, and tags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Add the calls."""
    create_budget = BudgetsResponse.create_budget

    def create_with_tags(self: BudgetsResponse) -> str:
        reply = create_budget(self)
        _set_tags(_find(self, self._get_param("Budget")["BudgetName"]), self, "ResourceTags")
        return reply

    replace(
        BudgetsResponse,
        create_budget=create_with_tags,
        describe_subscribers_for_notification=describe_subscribers_for_notification,
        list_tags_for_resource=list_tags_for_resource,
        tag_resource=tag_resource,
        untag_resource=untag_resource,
        update_budget=update_budget,
    )


def _find(response: BudgetsResponse, name: str) -> Budget:
    account = response._get_param("AccountId") or response.current_account
    budgets = response.backend.budgets[account]
    if name not in budgets:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _tagged(response: BudgetsResponse) -> Budget:
    return _find(response, response._get_param("ResourceARN").rpartition("/")[2])


def _tags(budget: Budget) -> dict[str, str]:
    tags: dict[str, str] = vars(budget).setdefault("tags", {})
    return tags


def _set_tags(budget: Budget, response: BudgetsResponse, parameter: str) -> None:
    for tag in response._get_param(parameter) or []:
        _tags(budget)[tag["Key"]] = tag["Value"]


def update_budget(self: BudgetsResponse) -> str:
    """Replace a budget's definition; its notifications stay."""
    wanted: dict[str, Any] = self._get_param("NewBudget")
    budget = _find(self, wanted["BudgetName"])
    changed = Budget({"TimePeriod": budget.budget["TimePeriod"], **wanted}, [])
    budget.budget = changed.budget
    return "{}"


def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    """List who hears of a notification."""
    wanted = self._get_param("Notification")
    for notification in _find(self, self._get_param("BudgetName")).notifications:
        if notification.details == wanted:
            return json.dumps({"Subscribers": notification.subscribers})
    raise NotFoundException("Unable to get subscribers - the notification doesn't exist.")


def list_tags_for_resource(self: BudgetsResponse) -> str:
    """List the tags of a budget."""
    tags = [{"Key": key, "Value": value} for key, value in _tags(_tagged(self)).items()]
    return json.dumps({"ResourceTags": tags})


def tag_resource(self: BudgetsResponse) -> str:
    """Set tags of a budget."""
    _set_tags(_tagged(self), self, "ResourceTags")
    return "{}"


def untag_resource(self: BudgetsResponse) -> str:
    """Remove tags of a budget."""
    for key in self._get_param("ResourceTagKeys"):
        _tags(_tagged(self)).pop(key, None)
    return "{}"
