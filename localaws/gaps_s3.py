"""Mends moto's S3 where it makes things up or repeats work for every request."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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

    list_buckets = S3Backend.list_buckets

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
    replace(S3Response, subdomain_based_buckets=staticmethod(subdomain_based_buckets))


def _add_request_id(headers: dict[str, Any] | None = None) -> str:
    request_id = secrets.token_hex(26).upper()
    if headers is not None:
        headers["x-amzn-requestid"] = request_id
    return request_id


class _Request:
    """As much of a request as moto looks at to tell the two styles of S3 addresses apart."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
