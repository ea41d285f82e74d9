"""One role per actor, each with its own narrow policy: job, crawler, operator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from lakehouse import policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.naming import Names


@dataclass(frozen=True)
class ActorRoleArgs:
    """What an actor is called, who may be it, and what it may do."""

    role_name: str
    description: str
    trust: policies.Document
    policy: policies.Document


class ActorRole(pulumi.ComponentResource):
    """A role that is handed out only together with its policy."""

    arn: pulumi.Output[str]
    """Known once the policy is attached: whoever takes it can already use it."""

    def __init__(
        self, name: str, args: ActorRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:permissions:ActorRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=args.role_name,
            description=args.description,
            assume_role_policy=_text(args.trust),
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            name, name="access", role=role.name, policy=_text(args.policy), opts=child
        )
        self.arn = pulumi.Output.all(role.arn, policy.id).apply(lambda made: str(made[0]))
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class PermissionsArgs:
    """The names that the policies speak of, and who operates the pipeline."""

    names: Names
    tables: Sequence[str]
    operator_principals: Sequence[str]


class Permissions(pulumi.ComponentResource):
    """The roles of the lakehouse."""

    job_role_arn: pulumi.Output[str]
    """For the Glue job."""
    crawler_role_arn: pulumi.Output[str]
    """For the crawler."""
    operator_role_arn: pulumi.Output[str]
    """For whoever runs the pipeline."""

    def __init__(
        self, name: str, args: PermissionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:permissions:Permissions", name, None, opts)
        names = args.names
        child = pulumi.ResourceOptions(parent=self)
        job = ActorRole(
            "job-role",
            ActorRoleArgs(
                role_name=names.role("job"),
                description="The Glue job: landing to bronze",
                trust=policies.glue_trust(names),
                policy=policies.job_policy(names),
            ),
            child,
        )
        crawler = ActorRole(
            "crawler-role",
            ActorRoleArgs(
                role_name=names.role("crawler"),
                description="The crawler: bronze Delta logs to the Data Catalog",
                trust=policies.glue_trust(names),
                policy=policies.crawler_policy(names, args.tables),
            ),
            child,
        )
        operator = ActorRole(
            "operator-role",
            ActorRoleArgs(
                role_name=names.role("operator"),
                description="The pipeline: upload, run, crawl, query",
                trust=policies.operator_trust(args.operator_principals),
                policy=policies.operator_policy(names),
            ),
            child,
        )
        self.job_role_arn = job.arn
        self.crawler_role_arn = crawler.arn
        self.operator_role_arn = operator.arn
        self.register_outputs(
            {
                "job_role_arn": self.job_role_arn,
                "crawler_role_arn": self.crawler_role_arn,
                "operator_role_arn": self.operator_role_arn,
            }
        )


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
