"""Every physical name and ARN, known before any call to AWS.

Names carry prefix, stack, account and region where AWS wants them unique; logical names (Pulumi's)
never do, so that the same program means the same resources in every account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.errors import ConfigError

if TYPE_CHECKING:
    from lakehouse.account import Account

LANDING = "landing-zone"
BRONZE = "bronze"
SILVER = "silver"
GOLD = "gold"
PROCESSING = "processing-zone"
CONSUMER = "consumer-zone"
SCRIPTS = "aws-glue-scripts"
RESULTS = "query-results"
ACCESS_LOGS = "access-logs"

ZONES = (LANDING, BRONZE, SILVER, GOLD, PROCESSING, CONSUMER, SCRIPTS, RESULTS, ACCESS_LOGS)
"""Every bucket, in the order in which the data and then the by-products flow."""

MADE_AGAIN = (SCRIPTS, RESULTS)
"""The buckets that hold nothing which is lost with them."""

BUCKET_NAME_LIMIT = 63
"""Characters; S3's limit ("General purpose bucket naming rules")."""

_STACK = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")


@dataclass(frozen=True)
class Names:
    """The names of one stack in one account."""

    prefix: str
    stack: str
    account: Account

    @property
    def base(self) -> str:
        """What the names of the account's resources begin with."""
        return f"{self.prefix}-{self.stack}"

    def bucket(self, zone: str) -> str:
        """The bucket of a zone; unique in the world."""
        return f"{self.base}-{zone}-{self.account.id}-{self.account.region}"

    @property
    def job(self) -> str:
        """The one Glue job that runs every writer."""
        return f"{self.base}-bronze"

    @property
    def crawler(self) -> str:
        """The crawler of the bronze tables."""
        return f"{self.base}-bronze"

    @property
    def database(self) -> str:
        """The catalog's database; Athena takes only a-z, 0-9 and underscores unquoted."""
        return f"{self.base}-bronze".replace("-", "_")

    @property
    def workgroup(self) -> str:
        """The operator's Athena workgroup."""
        return self.base

    @property
    def analyst_workgroup(self) -> str:
        """The analysts' Athena workgroup."""
        return f"{self.base}-analyst"

    def role(self, actor: str) -> str:
        """The IAM role of an actor."""
        return f"{self.base}-{actor}"

    def connection(self, zone: str) -> str:
        """The Glue connection into a zone of the network."""
        return f"{self.base}-{zone}"

    @property
    def flow_log_group(self) -> str:
        """The log group of the VPC's flow logs."""
        return f"/lakehouse/{self.base}/vpc-flow-logs"

    @property
    def topic(self) -> str:
        """The SNS topic of the alerts."""
        return f"{self.base}-alerts"

    @property
    def budget(self) -> str:
        """The budget; its name is unique in the account, across all regions."""
        return f"{self.base}-{self.account.region}"

    @property
    def maintenance_trigger(self) -> str:
        """The Glue trigger of scheduled maintenance."""
        return f"{self.base}-maintain"

    @property
    def workflow(self) -> str:
        """The Glue workflow of scheduled runs."""
        return f"{self.base}-ingest"

    @property
    def key_alias(self) -> str:
        """The alias of the key that encrypts everything."""
        return f"alias/{self.base}"

    @property
    def security_configuration(self) -> str:
        """Glue's security configuration, which job and crawler share."""
        return self.base

    @property
    def log_groups(self) -> dict[str, str]:
        """The log groups that Glue writes to, by purpose.

        Glue makes these names up itself, from the security configuration and the name of a role
        with the path / ("Setting up encryption in AWS Glue"); a crawler's has them in the other
        order.
        """
        job = f"/aws-glue/jobs/{self.security_configuration}-role/{self.role('job')}"
        crawler = f"/aws-glue/crawlers-role/{self.role('crawler')}-{self.security_configuration}"
        return {"job_output": f"{job}/output", "job_error": f"{job}/error", "crawler": crawler}

    @property
    def logs_service(self) -> str:
        """The principal of CloudWatch Logs, which has the region in it."""
        return self._service("logs")

    @property
    def s3_service(self) -> str:
        """What KMS calls S3 when it is asked by it (`kms:ViaService`)."""
        return self._service("s3")

    def _service(self, service: str) -> str:
        suffix = "amazonaws.com.cn" if self.account.partition == "aws-cn" else "amazonaws.com"
        return f"{service}.{self.account.region}.{suffix}"

    @property
    def parameter(self) -> str:
        """The SSM parameter that carries the stack's outputs to the pipeline."""
        return f"/lakehouse/{self.stack}/outputs"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        account = self.account
        return f"arn:{account.partition}:{service}:{account.region}:{account.id}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """The ARN of an IAM resource or principal of this account; IAM has no regions."""
        return f"arn:{self.account.partition}:iam::{self.account.id}:{resource}"

    def bucket_arn(self, zone: str, path: str = "") -> str:
        """The ARN of a zone's bucket, or of what lies under a path of it."""
        arn = f"arn:{self.account.partition}:s3:::{self.bucket(zone)}"
        return f"{arn}/{path}" if path else arn


def make_names(prefix: str, stack: str, account: Account) -> Names:
    """The names of a stack, checked against the limits of AWS.

    Raises:
        ConfigError: when the stack's name cannot be part of a bucket's, or makes one too long.
    """
    if not _STACK.match(stack):
        raise ConfigError(
            stack,
            f"the stack is called {stack!r}, but its name becomes part of bucket names: use a-z, "
            "0-9 and, between them, '-'",
        )
    names = Names(prefix=prefix, stack=stack, account=account)
    longest = max((names.bucket(zone) for zone in ZONES), key=len)
    if len(longest) > BUCKET_NAME_LIMIT:
        raise ConfigError(
            stack,
            f"lakehouse:prefix = {prefix!r} makes the bucket name {longest!r}, {len(longest)} "
            f"characters long: S3 allows {BUCKET_NAME_LIMIT}, so shorten the prefix or the name "
            "of the stack",
        )
    return names
