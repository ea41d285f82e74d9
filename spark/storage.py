"""The lake's objects beside the tables: listings, manifests, reports and the lease, through boto3.

Spark reads and writes the tables; what is no table goes through here, with the error of the one
S3 call that failed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from spark.errors import StorageError
from spark.gets import CONNECTIONS, Gets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3 import S3Client

RETRIES = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    max_pool_connections=CONNECTIONS,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
NOT_THERE = frozenset({"NoSuchKey", "404"})
"""S3's codes for an object that does not exist."""
CONDITION_FAILED = frozenset({"PreconditionFailed", "412"})
"""S3's codes for a condition (If-Match, If-None-Match) that does not hold."""

_QUERY = {"StartAfter": "start-after", "ContinuationToken": "continuation-token"}
"""What boto3's parameters are called in the request (Amazon S3 API reference)."""
_DELETE_LIMIT = 1000
"""Keys in one DeleteObjects call (Amazon S3 API reference)."""


@dataclass(frozen=True, order=True)
class ObjectVersion:
    """One content of one object: a new upload of the same key is another version.

    `modified` is in UTC and has whole seconds, `size` is in bytes.
    """

    path: str
    etag: str
    modified: datetime
    size: int


Page = tuple[list[ObjectVersion], str | None]
"""A page of a listing and, where there is more, the token of the next."""


def split(path: str) -> tuple[str, str]:
    """The bucket and the key of `s3://bucket/key`."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return bucket, key


def client() -> S3Client:
    """An S3 client that retries what may be retried, eight times at the most."""
    return boto3.client("s3", config=RETRIES)


class Storage:
    """Objects of the lake, by `s3://` path. Every failure is a StorageError that names the path."""

    def __init__(self, s3: S3Client) -> None:
        self.s3 = s3
        self._gets = Gets(s3)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectVersion]:
        """Every object whose path begins with `prefix`, in the order of the keys.

        Those up to and including the path `after` are left out.
        """
        start = {"StartAfter": split(after)[1]} if after else {}
        while True:
            page = self._plain_page(prefix, start)
            found, token = self._page(prefix, start) if page is None else page
            yield from found
            if token is None:
                return
            start = {"ContinuationToken": token}

    def _plain_page(self, prefix: str, start: dict[str, str]) -> Page | None:
        """A page by a lean GET, or None: then boto3 is to be asked."""
        bucket, key = split(prefix)
        query = {"list-type": "2", "prefix": key, "encoding-type": "url"}
        query |= {_QUERY[name]: place for name, place in start.items()}
        answer = self._gets.get(bucket, query=query)
        if answer is None:
            return None
        try:
            page = ET.fromstring(answer.read())  # noqa: S314 - expat limits entities; S3 sends none
        except (urllib3.exceptions.HTTPError, ET.ParseError):
            return None
        space = page.tag.removesuffix("ListBucketResult")
        found = [
            ObjectVersion(
                path=f"s3://{bucket}/{unquote_plus(entry.findtext(f'{space}Key', ''))}",
                etag=entry.findtext(f"{space}ETag", "").strip('"'),
                modified=datetime.fromisoformat(entry.findtext(f"{space}LastModified", "")),
                size=int(entry.findtext(f"{space}Size", "")),
            )
            for entry in page.iterfind(f"{space}Contents")
        ]
        return found, page.findtext(f"{space}NextContinuationToken")

    def _page(self, prefix: str, start: dict[str, str]) -> Page:
        bucket, key = split(prefix)
        listing: dict[str, Any] = {"Bucket": bucket, "Prefix": key, **start}
        try:
            page = self.s3.list_objects_v2(**listing)
        except (ClientError, BotoCoreError) as error:
            raise _storage_error("list", prefix, error) from error
        found = [
            ObjectVersion(
                path=f"s3://{bucket}/{entry['Key']}",
                etag=entry["ETag"].strip('"'),
                modified=entry["LastModified"],
                size=entry["Size"],
            )
            for entry in page.get("Contents", [])
        ]
        return found, page.get("NextContinuationToken")

    def exists_under(self, prefix: str) -> bool:
        """Whether any object's path begins with `prefix`."""
        bucket, key = split(prefix)
        try:
            page = self.s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            raise _storage_error("list", prefix, error) from error
        return page["KeyCount"] > 0

    def read_json(self, path: str) -> Any | None:
        """The JSON document at `path`, or None when there is no such object."""
        bucket, key = split(path)
        try:
            body = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return None
            raise _storage_error("read", path, error) from error
        except BotoCoreError as error:
            raise _storage_error("read", path, error) from error
        try:
            return json.loads(body)
        except ValueError as error:
            raise StorageError(
                f"{path} holds no valid JSON ({error}). Restore an earlier version of the object."
            ) from error

    def write_json(self, path: str, document: object) -> None:
        """Put `document` at `path`, in one piece."""
        body = json.dumps(document, sort_keys=True).encode()
        self.write(path, body, "application/json")

    def write(self, path: str, body: bytes, content_type: str) -> None:
        """Put `body` at `path`, in one piece."""
        bucket, key = split(path)
        try:
            self.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise _storage_error("write", path, error) from error

    def delete_under(self, prefix: str) -> None:
        """Delete every object whose path begins with `prefix`."""
        self.delete([found.path for found in self.list(prefix)])

    def delete(self, paths: Sequence[str]) -> None:
        """Delete the objects at `paths`, all in one bucket."""
        for start in range(0, len(paths), _DELETE_LIMIT):
            some = [split(path)[1] for path in paths[start : start + _DELETE_LIMIT]]
            bucket = split(paths[start])[0]
            try:
                answer = self.s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
            except (ClientError, BotoCoreError) as error:
                raise _storage_error("delete", paths[start], error) from error
            if failed := answer.get("Errors"):
                raise StorageError(
                    f"Cannot delete {len(failed)} objects of {bucket}: "
                    f"{failed[0].get('Message')}. Check that the job's role may delete them."
                )


def _storage_error(verb: str, path: str, error: Exception) -> StorageError:
    return StorageError(
        f"Cannot {verb} {path}: {error}. "
        f"Check that it exists and that the job's role may {verb} it."
    )
