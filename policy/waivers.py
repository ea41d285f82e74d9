"""The one table of exceptions: which rule does not hold for which resources, and why."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.model import Finding


@dataclass(frozen=True)
class Waiver:
    """One exception."""

    rule: str
    resource: str
    """A pattern over ``<type> <logical name>``."""
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is meant by it."""
        same_rule = finding.rule.name == self.rule
        return same_rule and fnmatchcase(str(finding.resource), self.resource)


WAIVERS = (
    Waiver(
        "bucket-access-logs",
        "aws:s3/bucket:Bucket access-logs",
        "the bucket of the access logs would log its own logging, without end",
    ),
    Waiver(
        "bucket-encryption",
        "aws:s3/*Encryption* access-logs",
        "S3 delivers access logs only to a bucket with SSE-S3: under KMS they vanish unsaid",
    ),
)

_DEPLOYS = (
    "a deployer makes roles, under names that are not known yet: only with the permissions boundary"
)

BOOTSTRAP_WAIVERS = (
    Waiver("bucket-access-logs", "aws:s3/bucket:Bucket access-logs", WAIVERS[0].reason),
    Waiver("bucket-encryption", "aws:s3/*Encryption* access-logs", WAIVERS[1].reason),
    Waiver("escalation", "aws:iam/policy:Policy deployer-identity", _DEPLOYS),
    Waiver("exposure", "aws:iam/policy:Policy deployer-identity", _DEPLOYS),
    Waiver(
        "exposure",
        "aws:iam/policy:Policy deployer-storage",
        "a deployer writes the policies of the buckets that it makes, and of no others",
    ),
    Waiver(
        "exposure",
        "aws:iam/policy:Policy deployer-services",
        "Glue's security configurations take no ARN",
    ),
)
"""The exceptions of bootstrap/, which makes the deployer."""

NOT_CHECKED = {
    "CKV_AWS_144": "no replication to another region: landing can be filled again from the source, "
    "and every table from landing",
    "CKV_AWS_143": "no object lock: Delta deletes and rewrites its own files",
    "CKV2_AWS_62": "no event notifications: runs are scheduled, and list what is new",
    "FSBP S3.11": "as CKV2_AWS_62",
    "CKV2_AWS_34": "the parameter of the outputs holds names, which are no secret: no SecureString",
    "CKV_AWS_337": "as CKV2_AWS_34",
}
"""Rules of others that are left out altogether, and why."""
