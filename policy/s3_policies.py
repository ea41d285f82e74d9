"""Bucket policies: asked what they would answer, rather than compared with a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.documents import statements
from policy.evaluator import Decision, Request, evaluate
from policy.model import rule
from policy.s3 import BUCKET
from policy.strangers import admitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from policy.model import Problem, Resource, Stack

_KEYS = {
    "tls": "aws:SecureTransport",
    "encryption": "s3:x-amz-server-side-encryption",
    "key": "s3:x-amz-server-side-encryption-aws-kms-key-id",
}
_WRONG_HEADERS = (
    ({"encryption": "AES256"}, "another encryption"),
    ({"encryption": "aws:kms"}, "KMS without a key, which S3 takes for AWS's own"),
    (
        {"encryption": "aws:kms", "key": "arn:aws:kms:us-east-1:999999999999:key/other"},
        "another key",
    ),
)


def _policies(stack: Stack) -> Iterator[tuple[Resource, Resource, Mapping[str, Any]]]:
    """Every bucket with its policy: the bucket, the policy, the document."""
    for bucket in stack.of(BUCKET):
        for policy in stack.pointing("s3/bucketPolicy:BucketPolicy", "bucket", bucket):
            document = policy.document("policy")
            if document is not None:
                yield bucket, policy, document


def _arn(stack: Stack, bucket: Resource) -> str:
    return f"arn:{stack.partition}:s3:::{bucket.properties.get('bucket') or bucket.id}"


def _ask(
    stack: Stack, document: Mapping[str, Any], action: str, resource: str, **context: str
) -> Decision:
    """What a bucket answers to an administrator of its own account."""
    account = stack.account
    principal = f"arn:{stack.partition}:iam::{account}:role/deployer"
    known = {
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": principal,
        "aws:SecureTransport": "true",
        **{_KEYS[name]: value for name, value in context.items()},
    }
    return evaluate(
        Request(principal, action, resource, known), resource_policy=document, owner=account
    )


@rule(2, "FSBP S3.5", "AwsSolutions-S10", "CKV_AWS_379")
def bucket_tls_only(stack: Stack) -> Iterator[Problem]:
    """Each bucket refuses whatever comes without TLS, for itself and for its objects."""
    for bucket in stack.of(BUCKET):
        if not stack.pointing("s3/bucketPolicy:BucketPolicy", "bucket", bucket):
            yield bucket, "has no policy, so that it answers without TLS"
    for bucket, policy, document in _policies(stack):
        arn = _arn(stack, bucket)
        for action, target in [
            ("s3:ListBucket", arn),
            ("s3:PutBucketPolicy", arn),
            ("s3:GetObject", f"{arn}/a/b"),
            ("s3:PutObject", f"{arn}/a/b"),
        ]:
            if _ask(stack, document, action, target, tls="false") is not Decision.EXPLICIT_DENY:
                yield policy, f"lets {action} pass without TLS"


@rule(3, "OWN-S3-2")
def bucket_encryption_header(stack: Stack) -> Iterator[Problem]:
    """A bucket under KMS refuses an upload whose encryption header is wrong, and takes one without
    any: S3 looks at its policy before it applies the default encryption.
    """
    for bucket, policy, document in _policies(stack):
        target = f"{_arn(stack, bucket)}/a/b"
        if _ask(stack, document, "s3:PutObject", target) is Decision.EXPLICIT_DENY:
            yield policy, "refuses an upload without an encryption header, as every client sends it"
        if not _is_under_kms(stack, bucket):
            continue
        for headers, what in _WRONG_HEADERS:
            if (
                _ask(stack, document, "s3:PutObject", target, **headers)
                is not Decision.EXPLICIT_DENY
            ):
                yield policy, f"takes an upload that asks for {what}"


def _is_under_kms(stack: Stack, bucket: Resource) -> bool:
    kind = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    algorithm = "rules.applyServerSideEncryptionByDefault.sseAlgorithm"
    return any(one.get(algorithm) == "aws:kms" for one in stack.pointing(kind, "bucket", bucket))


@rule(10, "CKV_AWS_70", "FSBP S3.6")
def bucket_strangers(stack: Stack) -> Iterator[Problem]:
    """No bucket lets in another account, or a service that acts for one."""
    for _, policy, document in _policies(stack):
        for one in statements(document):
            for who in admitted(one, stack.account):
                yield policy, f"the statement {one.sid} lets in {who}"


@rule(11, "CKV_AWS_93")
def bucket_lock_out(stack: Stack) -> Iterator[Problem]:
    """No bucket shuts its own administrators out, wherever they come from."""
    for bucket, policy, document in _policies(stack):
        arn = _arn(stack, bucket)
        for action in ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
            if _ask(stack, document, action, arn) is Decision.EXPLICIT_DENY:
                yield policy, f"denies {action} to the account's own administrators"


RULES = (
    bucket_tls_only,
    bucket_encryption_header,
    bucket_strangers,
    bucket_lock_out,
)
