"""What the account may cost a month, and who hears when it costs more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.naming import Names

_WARNINGS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""What was spent, or is going to be, in percent of the limit. A budget takes five at most."""


@dataclass(frozen=True)
class BudgetArgs:
    """The limit, and whom to tell."""

    names: Names
    limit_usd: int
    topic_arn: pulumi.Input[str]
    """A topic that lets AWS Budgets publish."""


class Budget(pulumi.ComponentResource):
    """A budget of the whole account: it tells, and stops nothing.

    A budget of this stack's resources alone would go by a cost allocation tag, which somebody has
    to activate in the account's billing first; without that it would always read zero.
    """

    budget_name: pulumi.Output[str]
    """As the billing console shows it."""

    def __init__(
        self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:budget:Budget", name, None, opts)
        budget = aws.budgets.Budget(
            "monthly",
            name=args.names.budget,
            budget_type="COST",
            limit_amount=str(args.limit_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[args.topic_arn],
                )
                for kind, percent in _WARNINGS
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.budget_name = budget.name
        self.register_outputs({"budget_name": self.budget_name})
