"""Keys: rotation, who may use them, and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.documents import statements
from policy.model import UNKNOWN, rule
from policy.strangers import admitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Problem, Stack

KEY = "kms/key:Key"
PRODUCTION_WINDOW_DAYS = 30
"""How long a deleted key of production can still be called back; the most that KMS allows."""


@rule(13, "CKV_AWS_7", "AwsSolutions-KMS5", "aws-kms-key-enable-key-rotation")
def key_rotation(stack: Stack) -> Iterator[Problem]:
    """Each key rotates by itself."""
    for key in stack.of(KEY):
        if key.get("enableKeyRotation") is not True:
            yield key, "enableKeyRotation is not true"


@rule(14, "CKV2_AWS_64")
def key_policy(stack: Stack) -> Iterator[Problem]:
    """Each key has a policy that somebody wrote, not the default one."""
    for key in stack.of(KEY):
        if not key.get("policy") and not stack.pointing("kms/keyPolicy:KeyPolicy", "keyId", key):
            yield key, "has no policy of its own"


@rule(15, "CKV_AWS_33", "FSBP KMS.5")
def key_strangers(stack: Stack) -> Iterator[Problem]:
    """No key lets in another account, or a service that acts for one."""
    for key in stack.of(KEY, "kms/keyPolicy:KeyPolicy"):
        for one in statements(key.document("policy")):
            for who in admitted(one, stack.account):
                yield key, f"the statement {one.sid} lets in {who}"


@rule(16, "CKV_AWS_227", "FSBP KMS.3")
def key_life(stack: Stack) -> Iterator[Problem]:
    """Each key is enabled, and in production its deletion can be called back for 30 days."""
    for key in stack.of(KEY):
        if key.get("isEnabled") is False:
            yield key, "is disabled"
        days = key.get("deletionWindowInDays")
        # KMS itself waits 30 days where nothing is said.
        if stack.production and days not in {None, UNKNOWN, PRODUCTION_WINDOW_DAYS}:
            yield key, f"is gone {days} days after its deletion"


@rule(17, "aws-kms-key-disallow-bypass-policy-lockout-safety-check")
def key_lock_out(stack: Stack) -> Iterator[Problem]:
    """No key is made without the check that somebody can still change its policy."""
    for key in stack.of(KEY, "kms/keyPolicy:KeyPolicy"):
        if key.get("bypassPolicyLockoutSafetyCheck"):
            yield key, "goes round the check of its policy"


RULES = (key_rotation, key_policy, key_strangers, key_life, key_lock_out)
