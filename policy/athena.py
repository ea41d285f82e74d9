"""Workgroups: what they enforce, and what one query may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Problem, Stack

WORKGROUP = "athena/workgroup:Workgroup"
_RESULTS = "configuration.resultConfiguration"


@rule(33, "CKV_AWS_82", "aws-athena-workgroup-enforce-configuration")
def workgroup_enforced(stack: Stack) -> Iterator[Problem]:
    """Each workgroup's settings win over those of the client, and it says so."""
    for group in stack.of(WORKGROUP):
        if group.get("configuration.enforceWorkgroupConfiguration") is not True:
            yield group, "lets clients override its settings"


@rule(34, "CKV_AWS_159", "aws-athena-workgroup-configure-customer-managed-key")
def workgroup_encryption(stack: Stack) -> Iterator[Problem]:
    """Each workgroup encrypts its results with a key of our own."""
    for group in stack.of(WORKGROUP):
        encryption = f"{_RESULTS}.encryptionConfiguration"
        if group.get(f"{encryption}.encryptionOption") != "SSE_KMS":
            yield group, "does not encrypt results with KMS"
        elif not group.get(f"{encryption}.kmsKeyArn"):
            yield group, "names no key for results"


@rule(35, "FSBP Athena.4")
def workgroup_metrics(stack: Stack) -> Iterator[Problem]:
    """Each workgroup publishes metrics."""
    for group in stack.of(WORKGROUP):
        if group.get("configuration.publishCloudwatchMetricsEnabled") is not True:
            yield group, "publishes no metrics"


@rule(36, "OWN-ATHENA-1")
def workgroup_bounds(stack: Stack) -> Iterator[Problem]:
    """Each workgroup cuts off big scans, runs engine version 3, which native Delta needs, and
    writes only to a bucket of the account that it names.
    """
    for group in stack.of(WORKGROUP):
        if not group.get("configuration.bytesScannedCutoffPerQuery"):
            yield group, "lets a query read without end"
        version = group.get("configuration.engineVersion.selectedEngineVersion")
        if version != "Athena engine version 3":
            yield group, f"runs on {version or 'whatever engine AWS chooses'}"
        if not group.get(f"{_RESULTS}.expectedBucketOwner"):
            yield group, "does not say whose bucket the results go to"


RULES = (workgroup_enforced, workgroup_encryption, workgroup_metrics, workgroup_bounds)
