"""One role per actor, each with its own narrow policy: job, crawler, operator, analyst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse import lake_formation, policies
from lakehouse.analyst_policies import analyst_policy
from lakehouse.documents import json_text
from lakehouse.network_policies import network_access
from lakehouse.statements import Document, document, use_key
from lakehouse.trust import glue_trust, named_trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakehouse.naming import Names
    from lakehouse.network_policies import NetworkIds


@dataclass(frozen=True)
class ActorRoleArgs:
    """What an actor is called, who may be it, and what it may do."""

    role_name: str
    description: str
    trust: Document
    policy: pulumi.Input[Document]
    boundary: str | None = None
    """The policy that no permission of this role can exceed; None for none."""


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
            assume_role_policy=json_text(args.trust),
            permissions_boundary=args.boundary,
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            name,
            name="access",
            role=role.name,
            policy=pulumi.Output.json_dumps(args.policy, sort_keys=True),
            opts=child,
        )
        self.arn = pulumi.Output.all(role.arn, policy.id).apply(lambda made: str(made[0]))
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True)
class PermissionsArgs:
    """The names that the policies speak of, who operates the pipeline and who analyses."""

    names: Names
    tables: Sequence[str]
    key_arn: pulumi.Input[str]
    operator_principals: Sequence[str]
    analyst_principals: Sequence[str]
    """None of them, no role."""
    analyst_tables: Sequence[str]
    boundary: str | None
    lake_formation: bool
    """Whether Lake Formation's grants are to count as well."""
    network: pulumi.Output[NetworkIds] | None = None
    """Where job and crawler run; None for Glue's own network."""


class Permissions(pulumi.ComponentResource):
    """The roles of the lakehouse."""

    job_role_arn: pulumi.Output[str]
    """For the Glue job."""
    crawler_role_arn: pulumi.Output[str]
    """For the crawler."""
    operator_role_arn: pulumi.Output[str]
    """For whoever runs the pipeline."""
    analyst_role_arn: pulumi.Output[str] | None
    """For whoever only queries."""

    def __init__(
        self, name: str, args: PermissionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:permissions:Permissions", name, None, opts)
        names = args.names
        child = pulumi.ResourceOptions(parent=self)

        def role(
            actor: str,
            description: str,
            trust: Document,
            *policy: Document,
            network: pulumi.Output[NetworkIds] | None = None,
        ) -> ActorRole:
            statements = [statement for part in policy for statement in part["Statement"]]

            def whole(key_arn: str, ids: NetworkIds | None) -> Document:
                access = [] if ids is None else network_access(names, ids)
                use = use_key(names, actor, key_arn)
                return document([*statements, *access, *use])

            return ActorRole(
                f"{actor}-role",
                ActorRoleArgs(
                    role_name=names.role(actor),
                    description=description,
                    trust=trust,
                    policy=pulumi.Output.all(args.key_arn, network).apply(
                        lambda known: whole(*known)
                    ),
                    boundary=args.boundary,
                ),
                child,
            )

        grants = document([lake_formation.data_access()] if args.lake_formation else [])
        self.job_role_arn = role(
            "job",
            "The Glue job: landing to bronze",
            glue_trust(names),
            policies.job_policy(names),
            network=args.network,
        ).arn
        self.crawler_role_arn = role(
            "crawler",
            "The crawler: bronze Delta logs to the Data Catalog",
            glue_trust(names),
            policies.crawler_policy(names, args.tables),
            grants,
            network=args.network,
        ).arn
        self.operator_role_arn = role(
            "operator",
            "The pipeline: upload, run, crawl, query",
            named_trust("NamedOperators", args.operator_principals),
            policies.operator_policy(names),
            grants,
        ).arn
        self.analyst_role_arn = None
        if args.analyst_principals:
            self.analyst_role_arn = role(
                "analyst",
                "Analysts: queries over the chosen tables",
                named_trust("NamedAnalysts", args.analyst_principals),
                analyst_policy(names, args.analyst_tables),
                grants,
            ).arn
        self.register_outputs(
            {
                "job_role_arn": self.job_role_arn,
                "crawler_role_arn": self.crawler_role_arn,
                "operator_role_arn": self.operator_role_arn,
                "analyst_role_arn": self.analyst_role_arn,
            }
        )
