"""The job, the crawler, and what they leave behind encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import ENVIRONMENTS, UNKNOWN, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Problem, Stack

JOB = "glue/job:Job"
CRAWLER = "glue/crawler:Crawler"
SECURITY = "glue/securityConfiguration:SecurityConfiguration"

SUPPORTED_VERSIONS = frozenset({"5.1", "6.0"})
"""Glue versions that AWS supports and whose Delta the job is tested on."""

REQUIRED_TAGS = ("Project", "Environment", "ManagedBy")

CODE_ARGUMENTS = frozenset(
    {
        "--scriptLocation",
        "--extra-py-files",
        "--conf",
        "--additional-python-modules",
        "--python-modules-installer-option",
        "--extra-jars",
        "--extra-files",
    }
)
"""Arguments of StartJobRun that decide which code runs ("Job parameters")."""

_ENCRYPTION = {
    "cloudwatchEncryption": ("cloudwatchEncryptionMode", "SSE-KMS"),
    "jobBookmarksEncryption": ("jobBookmarksEncryptionMode", "CSE-KMS"),
    "s3Encryption": ("s3EncryptionMode", "SSE-KMS"),
}


@rule(26, "AwsSolutions-GL1", "CKV_AWS_195")
def glue_security_configuration(stack: Stack) -> Iterator[Problem]:
    """The job and the crawler name a security configuration of this stack."""
    declared = stack.of(SECURITY)
    for worker in stack.of(JOB, CRAWLER):
        if not any(stack.refers(worker, "securityConfiguration", one) for one in declared):
            yield worker, "names no security configuration of this stack"


@rule(27, "AwsSolutions-GL3", "CKV_AWS_99")
def glue_encryption(stack: Stack) -> Iterator[Problem]:
    """A security configuration encrypts logs, bookmarks and S3, each with a named key."""
    for configuration in stack.of(SECURITY):
        for part, (mode, wanted) in _ENCRYPTION.items():
            path = f"encryptionConfiguration.{part}"
            if configuration.get(f"{path}.{mode}") != wanted:
                yield configuration, f"{part} is not {wanted}"
            elif not configuration.get(f"{path}.kmsKeyArn"):
                yield configuration, f"{part} names no key"


@rule(28, "CKV_AWS_94")
def catalog_encryption(stack: Stack) -> Iterator[Problem]:
    """Where a stack sets the encryption of the account's catalog, it is whole: metadata and
    passwords. No stack has to: the setting belongs to the account, which has only one.
    """
    for setting in stack.of("glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"):
        path = "dataCatalogEncryptionSettings"
        if setting.get(f"{path}.encryptionAtRest.catalogEncryptionMode") != "SSE-KMS":
            yield setting, "leaves the catalog's metadata without a key"
        passwords = f"{path}.connectionPasswordEncryption.returnConnectionPasswordEncrypted"
        if setting.get(passwords) is not True:
            yield setting, "leaves the passwords of connections in the clear"


@rule(29, "FSBP Glue.4")
def glue_version(stack: Stack) -> Iterator[Problem]:
    """The job names a Glue version that is supported and tested."""
    for job in stack.of(JOB):
        if job.get("glueVersion") not in SUPPORTED_VERSIONS:
            yield job, f"glueVersion is {job.get('glueVersion')}"


@rule(30, "Glue.1", "OWN-TAGS-1")
def tags(stack: Stack) -> Iterator[Problem]:
    """The job, and by the provider's default tags everything else, says whose it is."""
    for job in stack.of(JOB):
        worn = {**stack.default_tags, **(job.get("tags") or {}), **(job.get("tagsAll") or {})}
        missing = [tag for tag in REQUIRED_TAGS if not worn.get(tag)]
        if missing:
            yield job, f"has no tag {', '.join(missing)}"
        # The stricter limits of production hang on it.
        if worn.get("Environment", UNKNOWN) not in ENVIRONMENTS | {UNKNOWN}:
            yield job, f"is tagged with {worn['Environment']}, which is no environment"


@rule(31, "OWN-GLUE-1")
def one_writer(stack: Stack) -> Iterator[Problem]:
    """The job runs once at a time: Delta on S3 has no lock between two Spark drivers."""
    for job in stack.of(JOB):
        if job.get("executionProperty.maxConcurrentRuns") != 1:
            yield job, "may run more than once at a time"
        if job.get("jobRunQueuingEnabled"):
            yield job, "queues runs instead of refusing them"


@rule(32, "OWN-GLUE-2")
def bounded_runs(stack: Stack) -> Iterator[Problem]:
    """The job ends in time and says how often Glue repeats it, instead of leaving both to AWS."""
    for job in stack.of(JOB):
        if not job.get("timeout"):
            yield job, "has no timeout, and eight hours by default"
        if job.get("maxRetries") is None:
            yield job, "says nothing of retries"


@rule(22, "OWN-GLUE-3")
def fixed_code(stack: Stack) -> Iterator[Problem]:
    """Whoever starts the job cannot have its role run other code: script, modules, packages, jars,
    files and Spark's settings are arguments that no run may override.
    """
    for job in stack.of(JOB):
        fixed = job.get("nonOverridableArguments") or {}
        missing = sorted(CODE_ARGUMENTS - set(fixed)) if fixed != UNKNOWN else []
        if missing:
            yield job, f"lets a run override {', '.join(missing)}"


RULES = (
    fixed_code,
    glue_security_configuration,
    glue_encryption,
    catalog_encryption,
    glue_version,
    tags,
    one_writer,
    bounded_runs,
)
