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
    message: str = "*"
    """A pattern over what the finding says."""
    in_production: bool = True

    def covers(self, finding: Finding, *, production: bool) -> bool:
        """Whether a finding is meant by it."""
        return (
            finding.rule.name == self.rule
            and fnmatchcase(str(finding.resource), self.resource)
            and fnmatchcase(finding.message, self.message)
            and (self.in_production or not production)
        )


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
    Waiver(
        "trust",
        "aws:iam/role:Role operator-role",
        "outside production: whoever names no operators lets the account's administrators choose "
        "who tries the pipeline",
        message="*trusts all of its own account",
        in_production=False,
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
        "to make a crawler or a security configuration, or to end a subscription, takes no ARN",
    ),
)
"""The exceptions of bootstrap/, which makes the deployer."""

_A_GROUP = (
    "the rule's peer is the group itself, not an address: Checkov takes a rule without addresses "
    "for one that is open to the internet; `closed-groups` judges it"
)
_JOB_TO_ITSELF = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule job-from-itself"

SCANNER_WAIVERS = (
    Waiver("CKV_AWS_24", _JOB_TO_ITSELF, _A_GROUP),
    Waiver("CKV_AWS_25", _JOB_TO_ITSELF, _A_GROUP),
    Waiver("CKV_AWS_260", _JOB_TO_ITSELF, _A_GROUP),
    Waiver(
        "CKV2_AWS_5",
        "aws:ec2/securityGroup:SecurityGroup job",
        "Glue's connections use it, which Checkov does not know; `described-groups` judges it",
    ),
    Waiver(
        "CKV_AWS_338",
        "aws:cloudwatch/logGroup:LogGroup *",
        "logs of a trial are kept for 30 days; `log-groups` asks for a year in production",
        in_production=False,
    ),
)
"""What Checkov says of the stacks by its own ids although our rules hold, and why."""

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
