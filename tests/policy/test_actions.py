"""Actions: each that a policy, a rule or a test names exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.session import Session

from policy import iam_actions
from policy.conditions import like
from policy.documents import statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.model import Stack

ONLY_IN_IAM = {
    "iam": {"PassRole"},
    "kms": {"ReEncryptFrom", "ReEncryptTo"},
    "lakeformation": {"GetDataAccess"},
    "budgets": {"ModifyBudget", "ViewBudget"},
    "s3": {
        "GetAccelerateConfiguration",
        "GetBucketObjectLockConfiguration",
        "GetBucketPublicAccessBlock",
        "GetEncryptionConfiguration",
        "GetLifecycleConfiguration",
        "GetReplicationConfiguration",
        "ListTagsForResource",
        "PutBucketPublicAccessBlock",
        "PutLifecycleConfiguration",
        "TagResource",
        "UntagResource",
        "DeleteObjectVersion",
        "ListBucket",
        "ListBucketMultipartUploads",
        "ListMultipartUploadParts",
        "PutEncryptionConfiguration",
    },
}
"""Actions that are no operation of the API ("Actions, resources, and condition keys")."""
MODELS = (
    "athena",
    "budgets",
    "cloudwatch",
    "cloudformation",
    "datapipeline",
    "ec2",
    "events",
    "glue",
    "iam",
    "kms",
    "lakeformation",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
)


def known_actions() -> set[str]:
    """Every action of the services that appear, from botocore's models and the list above."""
    session = Session()
    return {
        f"{service}:{name}"
        for service in MODELS
        for name in (
            *session.get_service_model(service).operation_names,
            *ONLY_IN_IAM.get(service, ()),
        )
    }


def test_every_action_exists(declare: Callable[..., Stack], bootstrapped: Stack) -> None:
    """IAM takes a name with a typing error without a word, and allows nothing by it."""
    known = known_actions()
    grants = {"lakehouse:lakeFormation": "grants", "lakehouse:extraEndpoints": '["athena"]'}
    holders = {
        "iam/rolePolicy:RolePolicy": "policy",
        "iam/policy:Policy": "policy",
        "iam/role:Role": "assumeRolePolicy",
        "s3/bucketPolicy:BucketPolicy": "policy",
        "kms/key:Key": "policy",
        "ec2/vpcEndpoint:VpcEndpoint": "policy",
        "sns/topicPolicy:TopicPolicy": "policy",
    }
    used = {
        action
        for kind, name in holders.items()
        for holder in (*declare("prod", **grants).of(kind), *bootstrapped.of(kind))
        for statement in statements(holder.document(name))
        for action in statement.actions or ()
    }
    table = (Path(__file__).parent / "test_access.py").read_text(encoding="utf-8")
    used |= set(re.findall(rf'"((?:{"|".join(MODELS)}):[A-Z]\w+)"', table))
    used |= set(iam_actions.STAR_RESOURCES) | set(iam_actions.DEPLOYER_STARS)
    used |= {
        action
        for action in (*iam_actions.ESCALATION, *iam_actions.SECRETS, *iam_actions.PERMISSIONS)
        if action.partition(":")[0] in MODELS
    }
    unknown = {
        action for action in used if not any(like(one.lower(), action.lower()) for one in known)
    }
    assert not unknown
    assert not any(like(one, "s3:GetObjects") for one in known), "a typing error is told"
