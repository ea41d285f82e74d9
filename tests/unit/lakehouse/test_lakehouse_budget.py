"""The budget: off unless asked for, told to the topic that knows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_budget_tells_the_topic(declare: Callable[..., Any]) -> None:
    """At 80 % and 100 % of what was spent, and at 100 % of what is going to be."""
    declared = declare({"lakehouse:monthlyBudgetUsd": "250"})
    (budget,) = declared.of_type("budgets/budget:Budget").values()
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == (
        "250", "USD", "MONTHLY"
    )  # fmt: skip
    told = {(one["notificationType"], one["threshold"]) for one in budget["notifications"]}
    assert told == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    (topic,) = declared.of_type("sns/topic:Topic").values()
    for one in budget["notifications"]:
        assert one["subscriberSnsTopicArns"] == [f"arn:aws:made:::{topic['name']}"]
        assert (one["thresholdType"], one["comparisonOperator"]) == ("PERCENTAGE", "GREATER_THAN")


def test_budgets_may_publish_only_where_there_is_one(declare: Callable[..., Any], dev: Any) -> None:
    """The topic lets in AWS Budgets for this account alone; the key does in any case."""

    def publishers(declared: Any) -> dict[str, Any]:
        (policy,) = declared.of_type("sns/topicPolicy:TopicPolicy").values()
        return {
            one["Principal"]["Service"]: one["Condition"]
            for one in json.loads(policy["policy"])["Statement"]
            if one["Effect"] == "Allow"
        }

    assert not dev.of_type("budgets/budget:Budget")
    assert "budgets.amazonaws.com" not in publishers(dev)
    with_budget = declare({"lakehouse:monthlyBudgetUsd": "250"})
    assert publishers(with_budget)["budgets.amazonaws.com"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"}
    }
    (key,) = with_budget.of_type("kms/key:Key").values()
    allowed = [one["Principal"].get("Service") for one in json.loads(key["policy"])["Statement"]]
    assert "budgets.amazonaws.com" in allowed


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"lakehouse:monthlyBudgetUsd": "0"}, "lakehouse:monthlyBudgetUsd = '0' .* from 1 to"),
        ({"lakehouse:monthlyBudgetUsd": "9.5"}, "lakehouse:monthlyBudgetUsd = '9.5' .* whole"),
        (
            {"lakehouse:monthlyBudgetUsd": "50", "lakehouse:alerts": "false"},
            "lakehouse:monthlyBudgetUsd = 50 needs lakehouse:alerts",
        ),
    ],
)
def test_a_budget_that_cannot_be_is_refused(
    declare: Callable[..., Any], settings: dict[str, str], told: str
) -> None:
    """With what is allowed, before anything is made."""
    with pytest.raises(ConfigError, match=told):
        declare(settings)
