"""The permissions boundary: what no role of a stack can exceed, whatever its own policy says.

It is made from the policies of the actors themselves: the same actions, on everything that bears
the prefix instead of on one stack. What no actor does, no role that a deployer makes can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse import policies
from lakehouse.analyst_policies import analyst_policy
from lakehouse.lake_formation import data_access
from lakehouse.naming import Names
from lakehouse.network_policies import NetworkIds, flow_logs_policy, network_access
from lakehouse.statements import KEY_USES, allow, document, use_key
from policy.iam_actions import STAR_RESOURCES

if TYPE_CHECKING:
    from bootstrap.names import BootstrapNames
    from lakehouse.statements import Document, Statement


def boundary(names: BootstrapNames) -> Document:
    """The boundary of every role of the stacks."""
    actions = _actions_of_the_actors(names)
    # What takes no ARN cannot be limited to the prefix.
    free = {action for action in actions if action in STAR_RESOURCES}
    stack = Names(names.prefix, "any", names.account)
    metrics = [
        one for one in policies.job_policy(stack)["Statement"] if one["Sid"] == "PublishMetrics"
    ]
    free -= {action for one in metrics for action in one["Action"]}
    actions -= {action for one in metrics for action in one["Action"]}
    by_service: dict[str, set[str]] = {}
    for action in actions - free:
        by_service.setdefault(action.partition(":")[0], set()).add(action)
    places = _places(names)
    return document(
        [
            *(
                allow(service.capitalize(), held, places[service], _condition(names, service))
                for service, held in sorted(by_service.items())
            ),
            # As the job has it, with its namespaces.
            *metrics,
            allow("WithoutResource", free, ["*"]),
        ]
    )


def _actions_of_the_actors(names: BootstrapNames) -> set[str]:
    stack = Names(names.prefix, "any", names.account)
    network = NetworkIds("vpc", ("subnet",), "group", ("connection",))
    statements: list[Statement] = [
        *policies.job_policy(stack)["Statement"],
        *policies.crawler_policy(stack, ["any"])["Statement"],
        *policies.operator_policy(stack)["Statement"],
        *analyst_policy(stack, ["any"])["Statement"],
        *flow_logs_policy(stack)["Statement"],
        *network_access(stack, network),
        *(one for actor in KEY_USES for one in use_key(stack, actor, "key")),
        data_access(),
    ]
    return {
        action
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }


def _places(names: BootstrapNames) -> dict[str, list[str]]:
    """Where the actions of a service may work: on names that begin with the prefix."""
    prefix, database = names.prefix, names.database_prefix
    glue = (
        "catalog",
        "database/default",
        f"database/{database}_*",
        f"table/{database}_*/*",
        *(f"{kind}/{prefix}-*" for kind in ("connection", "crawler", "job")),
    )
    kinds = ("network-interface", "security-group", "subnet", "vpc")
    return {
        "s3": [names.s3(f"{prefix}-*")],
        "glue": [names.arn("glue", place) for place in glue],
        "athena": [names.arn("athena", f"workgroup/{prefix}-*")],
        # Flow logs look for their group among all of them.
        "logs": [names.arn("logs", "log-group:*")],
        "kms": [names.arn("kms", "key/*")],
        "ssm": [names.arn("ssm", "parameter/lakehouse/*")],
        "ec2": [names.arn("ec2", f"{kind}/*") for kind in kinds],
    }


def _condition(names: BootstrapNames, service: str) -> dict[str, dict[str, str]] | None:
    if service != "kms":
        return None
    # Of all keys, those of the stacks: each has an alias that begins with the prefix.
    return {"ForAnyValue:StringLike": {"kms:ResourceAliases": f"alias/{names.prefix}-*"}}
