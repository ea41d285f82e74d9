"""Settings that tests start from: those that a production stack has to have, and default tags."""

from __future__ import annotations

import json

PROD = {
    "lakehouse:environment": "prod",
    "aws:allowedAccountIds": '["123456789012"]',
    "aws:defaultTags": '{"tags": {"Project": "p", "Environment": "prod", "ManagedBy": "m"}}',
    "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:role/operators"]',
}


def tags(**changed: str) -> str:
    """Good default tags of dev but for those that are changed, as Pulumi hands them over."""
    good = {"Project": "lakehouse", "Environment": "dev", "ManagedBy": "pulumi"}
    return json.dumps({"tags": {**good, **changed}})
