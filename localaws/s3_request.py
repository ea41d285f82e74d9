"""What an S3 request is called in a bucket policy: its action, resource and condition keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from localaws.services import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/list_amazons3.html maps operations to
# actions; the sub-resource in the query string tells the operations apart.
_BUCKET_SUBRESOURCES: Final = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
# Deleting these has an action of its own; deleting any other configuration needs the Put action.
_DELETABLE: Final = {"policy", "website"}
_OBJECT_SUBRESOURCES: Final = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
}


@dataclass(frozen=True)
class PolicyRequest:
    """One request as a bucket policy sees it; header names are in lower case.

    `service` is the AWS service that asks, on behalf of the resource `source`, instead of a user.
    """

    action: str
    resource: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    account: str = ACCOUNT
    service: str = ""
    source: str = ""

    @property
    def principal(self) -> str:
        """Return the ARN of the caller: everyone who signs is the account itself."""
        partition = self.resource.split(":")[1]
        return self.service or f"arn:{partition}:iam::{self.account}:root"

    @property
    def names(self) -> set[str]:
        """Return what a statement may call the caller."""
        return {"*", self.principal} if self.service else {"*", self.account, self.principal}


def object_action(method: str, query: Mapping[str, str]) -> str:
    """Return the policy action of a request to an object."""
    version = "Version" if "versionId" in query else ""
    for name, suffix in _OBJECT_SUBRESOURCES.items():
        if name in query:
            verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(method, "Put")
            return f"s3:{verb}{suffix.replace('Object', f'Object{version}', 1)}"
    if method in {"GET", "HEAD"}:
        return "s3:ListMultipartUploadParts" if "uploadId" in query else f"s3:GetObject{version}"
    if method == "DELETE":
        return "s3:AbortMultipartUpload" if "uploadId" in query else f"s3:DeleteObject{version}"
    return "s3:RestoreObject" if "restore" in query else "s3:PutObject"


def bucket_action(method: str, query: Mapping[str, str]) -> str:
    """Return the policy action of a request to a bucket."""
    for name, suffix in _BUCKET_SUBRESOURCES.items():
        if name in query:
            if method == "DELETE" and name in _DELETABLE:
                return f"s3:Delete{suffix}"
            return f"s3:{'Get' if method in {'GET', 'HEAD'} else 'Put'}{suffix}"
    if method in {"GET", "HEAD"}:
        for name, action in (
            ("policyStatus", "GetBucketPolicyStatus"),
            ("location", "GetBucketLocation"),
            ("uploads", "ListBucketMultipartUploads"),
            ("versions", "ListBucketVersions"),
        ):
            if name in query:
                return f"s3:{action}"
        return "s3:ListBucket"
    return {"PUT": "s3:CreateBucket", "DELETE": "s3:DeleteBucket"}.get(method, "s3:PutObject")
