"""Bucket configurations that come back as they were put, and those that are refused by name.

moto parses lifecycle and logging configurations into what it knows of and forgets the rest, so that
a client which compares them finds a difference each time. Of sub-resources that moto does not know
it takes a PUT for the creation of the bucket, and a DELETE for its deletion.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

_KEPT: Final = ("lifecycle", "logging")
# A setting of the lifecycle that is not in its document.
_MINIMUM_SIZE: Final = "x-amz-transition-default-minimum-object-size"
_UNSUPPORTED: Final = (
    "abac",
    "analytics",
    "intelligent-tiering",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "requestPayment",
    "session",
)
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Keep and refuse configurations in moto's S3."""
    ET.register_namespace("", _NAMESPACE)
    respond, put, get = (
        S3Response._bucket_response,
        S3Response._bucket_response_put,
        S3Response._bucket_response_get,
    )
    delete_lifecycle = S3Backend.delete_bucket_lifecycle

    def respond_to_known(self: S3Response, request: Any, full_url: str) -> Any:
        for name in _UNSUPPORTED:
            if name in request.args:
                if name in _FIXED and request.method == "GET":
                    self.backend.get_bucket(self.bucket_name)
                    return _FIXED[name]
                raise NotImplementedError(f"S3 {request.method} ?{name}")
        return respond(self, request, full_url)

    def put_and_keep(
        self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]
    ) -> Any:
        reply = put(self, request, bucket_name, querystring)
        for name in _KEPT:
            if name in querystring:
                kept = vars(self.backend.get_bucket(bucket_name)).setdefault("documents", {})
                kept[name] = _with_rule_ids(self.body)
                if name == "lifecycle":
                    kept[_MINIMUM_SIZE] = request.headers.get(_MINIMUM_SIZE)
        return reply

    def get_kept(self: S3Response, bucket_name: str, querystring: dict[str, Any]) -> Any:
        reply = get(self, bucket_name, querystring)
        kept = vars(self.backend.get_bucket(bucket_name)).get("documents", {})
        for name in _KEPT:
            if name in querystring and name in kept and not isinstance(reply, str):
                status, headers, _ = reply
                if name == "lifecycle" and kept.get(_MINIMUM_SIZE):
                    headers[_MINIMUM_SIZE] = kept[_MINIMUM_SIZE]
                return status, headers, kept[name]
        return reply

    def delete_bucket_lifecycle(self: S3Backend, bucket_name: str) -> None:
        delete_lifecycle(self, bucket_name)
        vars(self.get_bucket(bucket_name)).get("documents", {}).pop("lifecycle", None)

    replace(S3Backend, delete_bucket_lifecycle=delete_bucket_lifecycle)
    replace(
        S3Response,
        _bucket_response=respond_to_known,
        _bucket_response_get=get_kept,
        _bucket_response_put=put_and_keep,
    )


# What a bucket has as long as nothing else is put, which is not supported.
_FIXED: Final = {
    "abac": f'<AbacStatus xmlns="{_NAMESPACE}"><Status>Disabled</Status></AbacStatus>',
    "requestPayment": (
        f'<RequestPaymentConfiguration xmlns="{_NAMESPACE}"><Payer>BucketOwner</Payer>'
        "</RequestPaymentConfiguration>"
    ),
}


def _with_rule_ids(document: bytes) -> bytes:
    """Return the document with an ID for each lifecycle rule that has none, as AWS gives them."""
    root = ET.fromstring(document)  # noqa: S314 - expat resolves no external entities, and limits internal ones
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    for rule in root.findall(f"{space}Rule"):
        if rule.find(f"{space}ID") is None:
            ET.SubElement(rule, f"{space}ID").text = str(uuid.uuid4())
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
