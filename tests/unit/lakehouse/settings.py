"""Settings that tests start from: those that a production stack has to have."""

from __future__ import annotations

PROD = {
    "lakehouse:environment": "prod",
    "aws:allowedAccountIds": '["123456789012"]',
    "aws:defaultTags": '{"tags": {"Project": "p", "Environment": "prod", "ManagedBy": "m"}}',
    "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:role/operators"]',
}
