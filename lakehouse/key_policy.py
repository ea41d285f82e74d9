"""Who may use the stack's key, as plain data.

The policy names no role: a role that does not exist yet would make it invalid, and the role's own
policy needs the key's ARN. The account is given the key, and its roles' policies give it on
("Default key policy" in the KMS guide). Only AWS's services are let in here, as no identity policy
speaks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse.naming import Names

_PUBLISHERS = {
    "Events": "events.amazonaws.com",
    "Alarms": "cloudwatch.amazonaws.com",
}
"""Services that publish to the topic of alerts, which is encrypted with the key too."""


def document(names: Names, *, budget: bool) -> dict[str, Any]:
    """The key policy of the stack's key; with a budget for the service of budgets too."""
    publishers = _PUBLISHERS | ({"Budgets": "budgets.amazonaws.com"} if budget else {})
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountDecidesByIdentityPolicies",
                "Effect": "Allow",
                "Principal": {"AWS": names.iam_arn("root")},
                "Action": "kms:*",
                "Resource": "*",
            },
            _log_groups(names),
            *(_publisher(names, sid, service) for sid, service in publishers.items()),
        ],
    }


def _log_groups(names: Names) -> dict[str, Any]:
    """CloudWatch Logs, for log groups of Glue and of this stack in this account and region.

    The encryption context holds the group's ARN ("Encrypt log data in CloudWatch Logs using KMS");
    that page knows no aws:SourceAccount.
    """
    return {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": names.logs_service},
        "Action": [
            "kms:Decrypt*",
            "kms:Describe*",
            "kms:Encrypt*",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": "*",
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    # Glue makes names up itself: were one not as expected, its logs would be lost.
                    names.arn("logs", "log-group:/aws-glue/*"),
                    names.arn("logs", f"log-group:/lakehouse/{names.base}/*"),
                ]
            }
        },
    }


def _publisher(names: Names, sid: str, service: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": names.account.id}},
    }
