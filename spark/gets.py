"""Signed GETs to S3 without the rest of boto3, for what comes in thousands: objects and listings.

Nearly all that boto3 spends on a GetObject is rules, hooks and parsing that come out the same for
every object of a bucket (docs/adr/0015 has the figures). Here the address of a bucket is learned
once from boto3, requests are signed (Amazon S3 API reference, "Authenticating Requests: Using the
Authorization Header") and sent through urllib3, which boto3 brings. Whatever does not succeed at
once is left to boto3, which knows how to retry, redirect and tell what is wrong: a connection that
was kept open too long is given one more try on a new one, and several failures in a row end it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import boto3
import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 16
FAILURES_IN_A_ROW = 3
"""After so many, nothing more is tried: a proxy, a certificate of one's own: boto3 knows."""
_ANY_KEY = "k"
_NO_BODY = hashlib.sha256(b"").hexdigest()


class Gets:
    """Sends GETs with one client's region and credentials; threads may share it."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self._credentials = (boto3.DEFAULT_SESSION or boto3.Session()).get_credentials()
        self._buckets: dict[str, tuple[urllib3.HTTPConnectionPool, str, str]] = {}
        self._failures = 0

    def get(
        self,
        bucket: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        if_match: str | None = None,
    ) -> urllib3.BaseHTTPResponse | None:
        """The answer with its body still to be read, or None: then boto3 is to be asked.

        None stands for everything but status 200: S3 refused, redirected, or was not reached.
        """
        if self._credentials is None or self._failures >= FAILURES_IN_A_ROW:
            return None
        _, host, root = self._bucket(bucket)
        path = root + quote(key, safe="/~")
        pairs = sorted((query or {}).items())
        asked = "&".join(f"{quote(name, safe='~')}={quote(text, safe='~')}" for name, text in pairs)
        headers = signature(
            self._credentials.get_frozen_credentials(),
            region=self._s3.meta.region_name,
            host=host,
            path=path,
            query=asked,
            now=datetime.now(UTC),
        )
        if if_match is not None:
            headers["If-Match"] = if_match
        answer = self._send(bucket, f"{path}?{asked}" if asked else path, headers)
        if answer is None or answer.status == 200:
            return answer
        answer.drain_conn()
        answer.release_conn()
        return None

    def _send(
        self, bucket: str, address: str, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse | None:
        """The answer, whatever its status; None when twice there was none."""
        for _ in range(2):
            pool, _, _ = self._bucket(bucket)
            try:
                answer = pool.urlopen(
                    "GET",
                    address,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                    enforce_content_length=True,
                )
            except urllib3.exceptions.HTTPError:
                # S3 closes what was idle: others that were kept open may be closed as well.
                self._buckets.pop(bucket, None)
            else:
                self._failures = 0
                return answer
        self._failures += 1
        return None

    def _bucket(self, bucket: str) -> tuple[urllib3.HTTPConnectionPool, str, str]:
        """The bucket's connections, its host and the path where its keys begin, as in boto3."""
        found = self._buckets.get(bucket)
        if found is None:
            signed = self._s3.generate_presigned_url(
                "get_object", Params={"Bucket": bucket, "Key": _ANY_KEY}
            )
            address = urlsplit(signed)
            pool = urllib3.connection_from_url(
                signed, maxsize=CONNECTIONS, timeout=urllib3.Timeout(connect=10, read=60)
            )
            found = pool, address.netloc, address.path.removesuffix(_ANY_KEY)
            self._buckets[bucket] = found
        return found


def signature(
    credentials: ReadOnlyCredentials,
    *,
    region: str,
    host: str,
    path: str,
    query: str,
    now: datetime,
) -> dict[str, str]:
    """The headers that sign a GET without a body: AWS Signature Version 4.

    `path` and `query` are encoded already, the names of the query in order; `now` is in UTC.
    """
    moment = f"{now:%Y%m%dT%H%M%SZ}"
    signed = {"host": host, "x-amz-content-sha256": _NO_BODY, "x-amz-date": moment}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = ";".join(signed)
    lines = "".join(f"{name}:{text}\n" for name, text in signed.items())
    canonical = f"GET\n{path}\n{query}\n{lines}\n{names}\n{_NO_BODY}"
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    return {
        **signed,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}",
    }
