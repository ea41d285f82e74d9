"""Roles: who may assume them, and what their policies must never hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy import iam_actions
from policy.documents import statements
from policy.evaluator import matches_action
from policy.model import as_document, rule
from policy.strangers import account_of, admitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.documents import Statement
    from policy.model import Problem, Resource, Stack

ROLE = "iam/role:Role"
SERVICES = frozenset({"glue.amazonaws.com", "vpc-flow-logs.amazonaws.com"})
"""The services that may be one of our actors."""

_POWERFUL = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
_ARN_PARTS = 6
_WHICH_KEY = frozenset({"kms:requestalias", "kms:resourcealiases", "kms:viaservice"})
"""Conditions that choose among keys, or bind them to a service."""


def identity_policies(stack: Stack) -> Iterator[tuple[Resource, Statement]]:
    """Every statement of a policy of a role, user or group, also of one inside its role."""
    for policy in stack.of(
        "iam/rolePolicy:RolePolicy",
        "iam/userPolicy:UserPolicy",
        "iam/groupPolicy:GroupPolicy",
        "iam/policy:Policy",
    ):
        for one in statements(policy.document("policy")):
            yield policy, one
    for role in stack.of(ROLE):
        for inline in role.get("inlinePolicies") or []:
            for one in statements(as_document(inline.get("policy"))):
                yield role, one


def _allows(stack: Stack) -> Iterator[tuple[Resource, Statement]]:
    """Those of them that allow something."""
    yield from ((holder, one) for holder, one in identity_policies(stack) if one.allows)


def _attached(stack: Stack) -> Iterator[tuple[Resource, str]]:
    """Every managed policy that somebody has, by its ARN."""
    for attachment in stack.of(
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        "iam/userPolicyAttachment:UserPolicyAttachment",
        "iam/groupPolicyAttachment:GroupPolicyAttachment",
        "iam/policyAttachment:PolicyAttachment",
    ):
        yield attachment, str(attachment.get("policyArn"))
    for role in stack.of(ROLE):
        for arn in role.get("managedPolicyArns") or []:
            yield role, str(arn)


def _grants(statement: Statement, actions: Iterable[str]) -> list[str]:
    """Those of the actions that a statement allows, in either direction of the wildcard."""
    patterns = statement.actions or ("*",)
    return sorted({action for action in actions if _overlaps(action, patterns)})


def _overlaps(action: str, others: Iterable[str]) -> bool:
    return any(matches_action(one, action) or matches_action(action, one) for one in others)


def _everywhere(statement: Statement) -> bool:
    return statement.resources is None or any(map(_names_nothing, statement.resources))


def _names_nothing(arn: str, kind: str = "") -> bool:
    """Whether an ARN's last part leaves all open, as that of `arn:aws:s3:::*/*` does."""
    parts = arn.split(":", _ARN_PARTS - 1)
    named = parts[-1].removeprefix(kind) if len(parts) == _ARN_PARTS else arn
    return not named.strip("*?/:") or (len(parts) < _ARN_PARTS and "*" in arn)


@rule(18, "FSBP KMS.1", "FSBP KMS.2")
def every_key(stack: Stack) -> Iterator[Problem]:
    """No policy allows to decrypt with every key there is."""
    for policy, one in _allows(stack):
        wide = _everywhere(one) or any(_names_nothing(arn, "key/") for arn in one.resources or ())
        # With a condition on the alias or the service, it is not every key.
        if wide and not one.demanded().keys() & _WHICH_KEY:
            for action in _grants(one, ("kms:Decrypt", "kms:ReEncryptFrom")):
                yield policy, f"the statement {one.sid} allows {action} with every key"


@rule(19, "AwsSolutions-IAM4")
def managed_policies(stack: Stack) -> Iterator[Problem]:
    """No role has a policy that AWS writes, and widens when it likes."""
    for holder, arn in _attached(stack):
        if ":iam::aws:policy/" in arn:
            yield holder, f"has the AWS managed policy {arn}"


@rule(20, "AwsSolutions-IAM5", "CKV_AWS_355", "CKV_AWS_356")
def every_resource(stack: Stack) -> Iterator[Problem]:
    """``Resource: *`` stands only beside actions that take no ARN, each in the table with a
    reason.
    """
    for policy, one in _allows(stack):
        if _everywhere(one):
            for action in one.actions or ("*",):
                if action not in iam_actions.STAR_RESOURCES | iam_actions.DEPLOYER_STARS:
                    yield policy, f"the statement {one.sid} allows {action} on every resource"


@rule(21, "CKV_AWS_63", "CKV_AWS_62", "CKV_AWS_49", "FSBP IAM.1", "FSBP IAM.21")
def every_action(stack: Stack) -> Iterator[Problem]:
    """No policy allows actions by a wildcard, or all but some."""
    for policy, one in _allows(stack):
        for action in one.actions or ("everything but some actions",):
            if "*" in action or "?" in action or one.not_actions is not None:
                yield policy, f"the statement {one.sid} allows {action}"


@rule(22, "CKV_AWS_286", "CKV_AWS_110")
def escalation(stack: Stack) -> Iterator[Problem]:
    """No role can give itself more: it passes only named roles, to a named service."""
    for policy, one in _allows(stack):
        for action in _grants(one, iam_actions.ESCALATION):
            yield policy, f"the statement {one.sid} allows {action}, a way to more permissions"
        if not _grants(one, ("iam:PassRole",)):
            continue
        if any("*" in arn for arn in one.resources or ("*",)):
            yield policy, f"the statement {one.sid} passes any role"
        if "iam:passedtoservice" not in one.demanded():
            yield policy, f"the statement {one.sid} passes a role to any service"


@rule(
    23,
    "CKV_AWS_287",
    "CKV_AWS_107",
    "CKV_AWS_288",
    "CKV_AWS_108",
    "CKV_AWS_289",
    "CKV_AWS_109",
    "CKV_AWS_290",
    "CKV_AWS_111",
)
def exposure(stack: Stack) -> Iterator[Problem]:
    """No role hands out credentials or permissions, reads every secret or writes everywhere."""
    for policy, one in _allows(stack):
        for action in _grants(one, iam_actions.CREDENTIALS):
            yield policy, f"the statement {one.sid} hands out credentials by {action}"
        for action in one.actions or ("*",):
            reads = action.rpartition(":")[2].startswith(iam_actions.READ_VERBS)
            changes = not reads and _overlaps(action, iam_actions.PERMISSIONS)
            if changes and action != "iam:PassRole":
                yield policy, f"the statement {one.sid} changes permissions by {action}"
        if not _everywhere(one):
            continue
        for action in _grants(one, iam_actions.SECRETS):
            yield policy, f"the statement {one.sid} reads everything there is by {action}"
        for action in one.actions or ("*",):
            verb = action.rpartition(":")[2]
            if not verb.startswith(iam_actions.READ_VERBS) and not one.demanded():
                yield policy, f"the statement {one.sid} writes everywhere by {action}"


@rule(24, "CKV_AWS_60", "CKV_AWS_61")
def trust(stack: Stack) -> Iterator[Problem]:
    """A role trusts principals by their names, never a whole account, or one of our services on
    behalf of this account.
    """
    for role in stack.of(ROLE):
        for one in statements(role.document("assumeRolePolicy")):
            if not one.allows:
                continue
            for principal in one.of_kind("AWS"):
                if "*" in principal:
                    yield role, f"the statement {one.sid} trusts {principal}"
                elif _is_whole_account(principal):
                    whose = "its own" if account_of(principal) == stack.account else "another"
                    yield role, f"the statement {one.sid} trusts all of {whose} account"
            for provider in one.of_kind("Federated"):
                yield from _open_to_tokens(role, one, provider)
            for service in one.of_kind("Service"):
                if service not in SERVICES:
                    yield role, f"the statement {one.sid} trusts {service}"
            for who in admitted(
                replace(one, principals={"Service": one.of_kind("Service")}), stack.account
            ):
                yield role, f"the statement {one.sid} lets in {who}"


def _is_whole_account(principal: str) -> bool:
    return account_of(principal) == principal or principal.endswith(":root")


def _open_to_tokens(role: Resource, one: Statement, provider: str) -> Iterator[Problem]:
    """A token has to be meant for AWS, and its subject named whole: `repo:o/*` is every branch."""
    equal = {key.lower(): values for key, values in one.conditions.get("StringEquals", {}).items()}
    for claim in ("aud", "sub"):
        key = f"{provider.partition('oidc-provider/')[2]}:{claim}".lower()
        if key not in equal:
            yield role, f"the statement {one.sid} takes tokens of {provider} with any {claim}"


@rule(25, "CKV_AWS_274", "CKV2_AWS_56", "CKV2_AWS_40")
def administrators(stack: Stack) -> Iterator[Problem]:
    """No role is an administrator of the account or of its identities."""
    for holder, arn in _attached(stack):
        if arn.rpartition("/")[2] in _POWERFUL:
            yield holder, f"has {arn.rpartition('/')[2]}"
    for policy, one in _allows(stack):
        if _everywhere(one) and any(action in {"*", "iam:*"} for action in one.actions or ("*",)):
            yield policy, f"the statement {one.sid} makes an administrator"


RULES = (
    every_key,
    managed_policies,
    every_resource,
    every_action,
    escalation,
    exposure,
    trust,
    administrators,
)
