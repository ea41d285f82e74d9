"""The documents of the production stack, to be asked who can do what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.account import Account
from lakehouse.naming import ZONES, Names
from policy.evaluator import Decision, Request, evaluate
from tests.policy.collected import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model import Stack

REGION = "us-east-1"
NAMES = Names("music", "prod", Account(ACCOUNT, "aws", REGION))
CAN, CANNOT = True, False

PLACES = {
    **{zone: NAMES.bucket_arn(zone) for zone in ZONES},
    "job": NAMES.arn("glue", f"job/{NAMES.job}"),
    "crawler": NAMES.arn("glue", f"crawler/{NAMES.crawler}"),
    "catalog": NAMES.arn("glue", "catalog"),
    "database": NAMES.arn("glue", f"database/{NAMES.database}"),
    "table": NAMES.arn("glue", f"table/{NAMES.database}"),
    "workgroup": NAMES.arn("athena", f"workgroup/{NAMES.workgroup}"),
    "analyst-workgroup": NAMES.arn("athena", f"workgroup/{NAMES.analyst_workgroup}"),
    "parameter": NAMES.arn("ssm", f"parameter{NAMES.parameter}"),
    "logs": NAMES.arn("logs", "log-group:"),
    "job-logs": NAMES.arn("logs", f"log-group:{NAMES.log_groups['job_output']}"),
    "crawler-logs": NAMES.arn("logs", f"log-group:{NAMES.log_groups['crawler']}"),
    "flow-logs": NAMES.arn("logs", f"log-group:{NAMES.flow_log_group}"),
    "role": NAMES.iam_arn(f"role/{NAMES.base}"),
    "interface": NAMES.arn("ec2", "network-interface/eni-1"),
    "connection": NAMES.arn("glue", f"connection/{NAMES.connection('us-east-1a')}"),
    "glue": NAMES.arn("glue", ""),
    "athena": NAMES.arn("athena", ""),
    "kms": NAMES.arn("kms", ""),
}
"""What a question may name in braces; the key is added from the stack."""


class World:
    """The documents of a stack, and the questions that they answer."""

    def __init__(self, stack: Stack) -> None:
        (key,) = stack.of("kms/key:Key")
        self.places = {**PLACES, "key": key.arn}
        self.identity: dict[str, list[Mapping[str, Any]]] = {}
        for policy in stack.of("iam/rolePolicy:RolePolicy"):
            held = policy.document("policy")
            assert held is not None
            self.identity.setdefault(policy.properties["role"], []).append(held)
        self.on_resource = {key.arn: key.document("policy")}
        for bucket in stack.of("s3/bucketPolicy:BucketPolicy"):
            arn = f"arn:aws:s3:::{bucket.properties['bucket']}"
            self.on_resource[arn] = bucket.document("policy")
        self.doors = {
            str(one.properties["serviceName"]).rpartition(".")[2]: one.document("policy")
            for one in stack.of("ec2/vpcEndpoint:VpcEndpoint")
        }
        for role in stack.of("iam/role:Role"):
            self.on_resource[role.arn] = role.document("assumeRolePolicy")

    def can(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Mapping[str, str],
        boundary: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether a role, by its actor, or a service may do it."""
        target = resource.format(**self.places)
        known = {key: value.format(**self.places) for key, value in context.items()}
        role = f"{NAMES.base}-{principal}"
        identity: list[Mapping[str, Any]] = []
        if role in self.identity:
            identity = self.identity[role]
            principal = NAMES.iam_arn(f"role/{role}")
            caller = {"aws:PrincipalArn": principal, "aws:PrincipalAccount": ACCOUNT}
            known = {"aws:SecureTransport": "true", **caller, **known}
        else:
            principal = f"{principal}.amazonaws.com"
        decision = evaluate(
            Request(principal, action, target, known),
            identity=identity,
            resource_policy=self._guard(target),
            boundary=boundary,
        )
        return decision is Decision.ALLOWED

    def _guard(self, target: str) -> Mapping[str, Any] | None:
        held = self.on_resource.get(target)
        return held if held is not None else self.on_resource.get(target.partition("/")[0])
