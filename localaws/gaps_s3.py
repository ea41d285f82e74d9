"""Mends moto's S3 where it makes things up, forgets, or repeats work for every request."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import moto.core.responses
from moto.s3.models import FakeAcl, FakeBucket, FakeKey, S3Backend, get_canned_acl
from moto.s3.responses import S3Response

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Replace the methods in question.

    Server access logs are not delivered: moto writes an invented record, with status 200, into the
    log bucket for each request. AWS delivers them hours later, as well as it can.
    """
    by_subdomain = S3Response.subdomain_based_buckets

    @lru_cache(maxsize=1024)
    def for_host(host: str) -> bool:
        return bool(by_subdomain(_Request({"host": host})))

    def subdomain_based_buckets(request: Any) -> bool:
        return for_host(request.headers.get("host") or request.host)

    list_buckets, put = S3Backend.list_buckets, S3Response._bucket_response_put

    def put_with_tags(
        self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]
    ) -> Any:
        is_new = not querystring and bucket_name not in self.backend.buckets
        reply = put(self, request, bucket_name, querystring)
        tags = _tags_at_creation(self.body) if is_new else {}
        if tags:
            self.backend.put_bucket_tagging(bucket_name, tags)
        return reply

    def list_sorted(
        self: S3Backend, prefix: str | None, bucket_region: str | None, max_buckets: str | None
    ) -> list[FakeBucket]:
        found = sorted(list_buckets(self, prefix, bucket_region, None), key=lambda b: b.name)
        return found[: int(max_buckets)] if max_buckets else found

    def get_object_acl(_: S3Backend, key: FakeKey) -> FakeAcl:
        return key.acl or get_canned_acl("private")  # moto gives none to an upload in parts

    replace(
        S3Backend,
        get_object_acl=get_object_acl,
        list_buckets=list_sorted,
        log_incoming_request=lambda self, request, bucket_name: None,  # noqa: ARG005
    )
    # moto draws each of the 52 characters of a request id one by one.
    vars(moto.core.responses)["gen_amzn_requestid_long"] = _add_request_id
    replace(
        S3Response,
        _bucket_response_put=put_with_tags,
        subdomain_based_buckets=staticmethod(subdomain_based_buckets),
    )


def _tags_at_creation(document: bytes) -> dict[str, str]:
    """Return the tags in the body of CreateBucket, which moto takes no notice of."""
    if not document:
        return {}
    root = ET.fromstring(document)  # noqa: S314 - expat resolves no external entities, and limits internal ones
    return {
        tag.findtext("{*}Key", ""): tag.findtext("{*}Value", "")
        for tag in root.iterfind("{*}Tags/{*}Tag")
    }


def _add_request_id(headers: dict[str, Any] | None = None) -> str:
    request_id = secrets.token_hex(26).upper()
    if headers is not None:
        headers["x-amzn-requestid"] = request_id
    return request_id


class _Request:
    """As much of a request as moto looks at to tell the two styles of S3 addresses apart."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
