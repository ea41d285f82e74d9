"""The bootstrap of an account: what deployer and previewer can do, and what they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bootstrap.names import BootstrapNames
from lakehouse.account import Account
from lakehouse.trust import named_trust
from policy.evaluator import Decision, Request, evaluate
from tests.policy.collected import ACCOUNT, PROVIDER
from tests.policy.world import CAN, CANNOT

if TYPE_CHECKING:
    from policy.model import Stack

NAMES = BootstrapNames("music", Account(ACCOUNT, "aws", "us-east-1"))
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/lakehouse-bootstrap/music-boundary"
_UNDER = {"iam:PermissionsBoundary": BOUNDARY}
_OURS = {"aws:ResourceTag/Project": "lakehouse"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/music-dev-job"
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/music-dev-operator"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
OWN = f"arn:aws:iam::{ACCOUNT}:role/lakehouse-bootstrap/music-deployer"
STATE = f"arn:aws:s3:::{NAMES.state_bucket}"
GLUE = f"arn:aws:glue:us-east-1:{ACCOUNT}:job"
TRIGGER = f"arn:aws:glue:us-east-1:{ACCOUNT}:trigger"
PROD_OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/music-prod-operator"
ELSEWHERE = f"arn:aws:glue:eu-west-1:{ACCOUNT}:job/music-dev-bronze"

TABLE: list[tuple[str, str, str, dict[str, str], bool]] = [
    # Roles: only under the boundary, only to Glue and flow logs, and never its own.
    ("deployer", "iam:CreateRole", ROLE, _UNDER, CAN),
    ("deployer", "iam:CreateRole", ROLE, {}, CANNOT),
    ("deployer", "iam:CreateRole", ROLE, {"iam:PermissionsBoundary": f"{BOUNDARY}2"}, CANNOT),
    ("deployer", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/admin", _UNDER, CANNOT),
    ("deployer", "iam:PutRolePolicy", ROLE, _UNDER, CAN),
    ("deployer", "iam:PutRolePolicy", ROLE, {}, CANNOT),
    ("deployer", "iam:PutRolePolicy", OWN, _UNDER, CANNOT),
    ("deployer", "iam:AttachRolePolicy", ROLE, _UNDER, CANNOT),
    ("deployer", "iam:DeleteRolePermissionsBoundary", ROLE, _UNDER, CANNOT),
    ("deployer", "iam:PutRolePermissionsBoundary", ROLE, {}, CANNOT),
    ("deployer", "iam:CreatePolicyVersion", BOUNDARY, {}, CANNOT),
    ("deployer", "iam:DeletePolicy", BOUNDARY, {}, CANNOT),
    ("deployer", "iam:UpdateAssumeRolePolicy", OWN, {}, CANNOT),
    ("deployer", "iam:UpdateAssumeRolePolicy", ROLE, {}, CAN),
    # What docs/security.md admits: it writes trust, code and policies, of production too.
    ("deployer", "iam:UpdateAssumeRolePolicy", PROD_OPERATOR, {}, CAN),
    ("deployer", "glue:UpdateJob", f"{GLUE}/music-prod-bronze", {}, CAN),
    ("deployer", "glue:CreateTrigger", f"{TRIGGER}/music-prod-x", {}, CAN),
    ("deployer", "glue:StartTrigger", f"{TRIGGER}/music-prod-x", {}, CAN),
    ("deployer", "glue:StartTrigger", f"{TRIGGER}/another", {}, CANNOT),
    ("deployer", "s3:PutBucketPolicy", "arn:aws:s3:::music-prod-bronze-1-us-east-1", {}, CAN),
    ("deployer", "s3:GetObject", "arn:aws:s3:::music-prod-bronze-1-us-east-1/users/x", {}, CANNOT),
    ("deployer", "s3:DeleteObject", "arn:aws:s3:::music-prod-bronze-1-us-east-1/x", {}, CANNOT),
    ("previewer", "iam:UpdateAssumeRolePolicy", PROD_OPERATOR, {}, CANNOT),
    ("previewer", "sts:AssumeRole", PROD_OPERATOR, {}, CANNOT),
    ("deployer", "iam:PassRole", ROLE, {"iam:PassedToService": "glue.amazonaws.com"}, CAN),
    ("deployer", "iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}, CANNOT),
    ("deployer", "iam:PassRole", OWN, {"iam:PassedToService": "glue.amazonaws.com"}, CANNOT),
    ("deployer", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x", {}, CANNOT),
    ("deployer", "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/x", {}, CANNOT),
    ("deployer", "iam:UpdateOpenIDConnectProviderThumbprint", PROVIDER, {}, CANNOT),
    ("deployer", "sts:AssumeRole", ROLE, {}, CANNOT),
    # Keys: those that it makes; not that of the state, nor one of another project.
    ("deployer", "kms:CreateKey", "*", {"aws:RequestTag/Project": "lakehouse"}, CAN),
    ("deployer", "kms:CreateKey", "*", {}, CANNOT),
    ("deployer", "kms:PutKeyPolicy", KEY, _OURS, CAN),
    ("deployer", "kms:PutKeyPolicy", KEY, {"aws:ResourceTag/Project": "another"}, CANNOT),
    ("deployer", "kms:PutKeyPolicy", KEY, {}, CANNOT),
    (
        "deployer",
        "kms:TagResource",
        KEY,
        {"aws:RequestTag/Project": "lakehouse", "aws:ResourceTag/Project": "another"},
        CANNOT,
    ),
    ("deployer", "kms:ScheduleKeyDeletion", KEY, _OURS, CANNOT),
    ("deployer", "kms:Decrypt", KEY, _OURS, CANNOT),
    # Data: buckets and their settings, but nothing that is in them, except the job's code.
    ("deployer", "s3:CreateBucket", "arn:aws:s3:::music-dev-bronze-1-us-east-1", {}, CAN),
    ("deployer", "s3:PutBucketPolicy", "arn:aws:s3:::music-dev-bronze-1-us-east-1", {}, CAN),
    ("deployer", "s3:PutBucketPolicy", "arn:aws:s3:::somebody", {}, CANNOT),
    ("deployer", "s3:PutBucketPolicy", STATE, {}, CANNOT),
    ("deployer", "s3:GetObject", "arn:aws:s3:::music-dev-bronze-1-us-east-1/users/x", {}, CANNOT),
    (
        "deployer",
        "s3:DeleteObjectVersion",
        "arn:aws:s3:::music-dev-bronze-1-us-east-1/users/x",
        {},
        CANNOT,
    ),
    (
        "deployer",
        "s3:PutObject",
        "arn:aws:s3:::music-dev-aws-glue-scripts-1-us-east-1/h/job.py",
        {},
        CAN,
    ),
    ("deployer", "s3:PutObject", f"{STATE}/.pulumi/stacks/lakehouse/dev.json", {}, CAN),
    (
        "deployer",
        "s3:DeleteObjectVersion",
        f"{STATE}/.pulumi/stacks/lakehouse/dev.json",
        {},
        CANNOT,
    ),
    # Services: what bears the prefix, in the one region.
    ("deployer", "glue:UpdateJob", f"{GLUE}/music-dev-bronze", {}, CAN),
    ("deployer", "glue:UpdateJob", f"{GLUE}/another", {}, CANNOT),
    ("deployer", "glue:UpdateJob", ELSEWHERE, {}, CANNOT),
    ("deployer", "glue:StartJobRun", f"{GLUE}/music-dev-bronze", {}, CANNOT),
    ("deployer", "ec2:CreateVpc", f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/*", {}, CAN),
    (
        "deployer",
        "ec2:CreateInternetGateway",
        f"arn:aws:ec2:us-east-1:{ACCOUNT}:internet-gateway/*",
        {},
        CANNOT,
    ),
    ("deployer", "ec2:RunInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*", {}, CANNOT),
    # The previewer looks, and changes nothing.
    ("previewer", "glue:GetJob", f"{GLUE}/music-dev-bronze", {}, CAN),
    ("previewer", "glue:UpdateJob", f"{GLUE}/music-dev-bronze", {}, CANNOT),
    ("previewer", "iam:GetRole", ROLE, {}, CAN),
    ("previewer", "iam:CreateRole", ROLE, _UNDER, CANNOT),
    ("previewer", "iam:PassRole", ROLE, {"iam:PassedToService": "glue.amazonaws.com"}, CANNOT),
    ("previewer", "s3:GetObject", f"{STATE}/.pulumi/stacks/lakehouse/dev.json", {}, CAN),
    ("previewer", "s3:PutObject", f"{STATE}/.pulumi/stacks/lakehouse/dev.json", {}, CANNOT),
    ("previewer", "s3:GetObject", "arn:aws:s3:::music-dev-bronze-1-us-east-1/users/x", {}, CANNOT),
    ("previewer", "kms:CreateKey", "*", {"aws:RequestTag/Project": "lakehouse"}, CANNOT),
    ("previewer", "ssm:GetParameter", NAMES.arn("ssm", "parameter/lakehouse/dev/outputs"), {}, CAN),
    ("previewer", "ssm:GetParameter", NAMES.arn("ssm", "parameter/another"), {}, CANNOT),
]


def documents(stack: Stack, role: str) -> list[Any]:
    """The policies that are attached to a role."""
    return [
        policy.document("policy")
        for policy in stack.of("iam/policy:Policy")
        if policy.name.startswith(f"{role}-")
    ]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(row[:3]))
def test_can_and_cannot(
    bootstrapped: Stack, row: tuple[str, str, str, dict[str, str], bool]
) -> None:
    """Each role does its work on the stacks of the prefix, and cannot give itself more."""
    role, action, resource, context, expected = row
    (key,) = bootstrapped.of("kms/key:Key")
    principal = f"arn:aws:iam::{ACCOUNT}:role/lakehouse-bootstrap/music-{role}"
    decision = evaluate(
        Request(principal, action, resource, context),
        identity=documents(bootstrapped, role),
        # Keys delegate to the account, as all of ours do.
        resource_policy=key.document("policy") if action.startswith("kms:") else None,
    )
    assert (decision is Decision.ALLOWED) is expected


def test_the_state_and_its_secrets_are_open_to_both(bootstrapped: Stack) -> None:
    """The deployer writes them, the previewer reads."""
    (key,) = bootstrapped.of("kms/key:Key")
    for role, action, expected in [
        ("deployer", "kms:Encrypt", CAN),
        ("deployer", "kms:Decrypt", CAN),
        ("previewer", "kms:Decrypt", CAN),
        ("previewer", "kms:Encrypt", CANNOT),
        ("deployer", "kms:PutKeyPolicy", CANNOT),
    ]:
        request = Request(f"arn:aws:iam::{ACCOUNT}:role/r", action, key.arn)
        decision = evaluate(
            request,
            identity=documents(bootstrapped, role),
            resource_policy=key.document("policy"),
        )
        assert (decision is Decision.ALLOWED) is expected, (role, action)


@pytest.mark.parametrize(
    ("role", "trusted", "expected"),
    [
        ("deployer", f"arn:aws:iam::{ACCOUNT}:root", CAN),
        ("deployer", f"arn:aws:iam::{ACCOUNT}:role/data-engineers", CANNOT),
        ("previewer", f"arn:aws:iam::{ACCOUNT}:root", CANNOT),
    ],
)
def test_the_deployer_tries_the_pipeline_where_the_operator_trusts_the_account(
    bootstrapped: Stack, role: str, trusted: str, expected: bool
) -> None:
    """That is in development; production names its operators."""
    principal = f"arn:aws:iam::{ACCOUNT}:role/lakehouse-bootstrap/music-{role}"
    decision = evaluate(
        Request(principal, "sts:AssumeRole", OPERATOR),
        identity=documents(bootstrapped, role),
        resource_policy=named_trust("NamedOperators", [trusted]),
    )
    assert (decision is Decision.ALLOWED) is expected
