"""Reads S3 objects from inside the server, without a round trip through HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from localaws.errors import LocalawsError

if TYPE_CHECKING:
    from localaws.services import Services


class MissingObjectError(LocalawsError):
    """No object lies at an S3 URL; the message names it."""


def split_url(url: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key` (`s3a` and `s3n` are taken too).

    Raises MissingObjectError for anything else.
    """
    parts = urlsplit(url, allow_fragments=False)
    if parts.scheme not in ("s3", "s3a", "s3n") or not parts.netloc:
        raise MissingObjectError(f"{url!r} is no S3 path: write s3://bucket/key")
    key = parts.path.removeprefix("/")
    return parts.netloc, f"{key}?{parts.query}" if parts.query else key


def read_object(url: str, *, account: str, region: str) -> bytes:
    """Return the content of the object at `url`. Raises MissingObjectError."""
    bucket, key = split_url(url)
    backend = s3_backends[account][get_partition(region)]
    try:
        found = backend.get_object(bucket, key)
    except MissingBucket:
        raise MissingObjectError(
            f"{url} does not exist: there is no bucket {bucket}; create it first"
        ) from None
    if found is None:
        raise MissingObjectError(f"{url} does not exist: upload it first")
    return bytes(found.value)


def write_object(
    services: Services, url: str, content: bytes, *, account: str, region: str
) -> None:
    """Store `content` at `url`, durably where a state folder is kept.

    Raises MissingObjectError when there is no such bucket.
    """
    bucket, key = split_url(url)
    backend = s3_backends[account][get_partition(region)]
    try:
        with services.changing("s3"):
            backend.put_object(bucket, key, content)
    except MissingBucket:
        raise MissingObjectError(f"{url} cannot be written: there is no bucket {bucket}") from None
