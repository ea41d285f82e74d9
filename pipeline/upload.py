"""Bring a source folder into the landing zone: new and changed files only, in parallel.

Whether an object already has a file's content is decided without a request per object:

1. S3 lists the sizes and ETags of all objects. An ETag that is the file's MD5 settles it. That is
   every object which one PutObject wrote and no KMS key encrypts.
2. Under SSE-KMS an ETag says nothing about content, so each upload also notes (ETag, SHA-256) in
   one index object. As an ETag changes with every write of other content, an entry that bears
   the listed ETag says what the object holds.
3. What neither settles (an object of the same size that the index does not know) is asked for
   its own metadata, in which every upload puts its SHA-256.

The index only saves requests: losing it, or racing for it, never makes a wrong decision.
"""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import CONNECTIONS
from pipeline.errors import RunFailedError
from pipeline.source import TOP_FOLDERS, Fingerprint, SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

INDEX_KEY = "uploads/index.json"
"""The index object's key in the processing zone."""

HASH = "sha256"
"""The metadata key of an object that holds its content's hash."""

RUN_ID = "run_id"
"""The metadata key of an object that names the run which sent it.

Whether a file is sent is decided by its content alone: an object keeps the run id of the upload
that wrote it. To write it again would make another version, which the job would read again.
"""


@dataclass(frozen=True)
class Landing:
    """Where files land: the bucket, and the bucket beside it in which the index lies."""

    bucket: str
    index_bucket: str


@dataclass(frozen=True)
class Uploaded:
    """How many of the source's files were sent, and how many were there already."""

    uploaded: int
    unchanged: int
    notes: list[str]


@dataclass(frozen=True)
class _Stored:
    size: int
    etag: str


def upload(
    s3: S3Client,
    landing: Landing,
    files: list[SourceFile],
    hashes: dict[str, Fingerprint],
    advance: Callable[[int, int], None],
    *,
    run_id: str,
) -> Uploaded:
    """Send every file whose object is missing or has other content.

    Args:
        s3: a client that may be used from several threads.
        landing: where to.
        files: from `pipeline.source.scan`.
        hashes: of every file, by key.
        advance: called with the number of files sent and to send.
        run_id: the run that sends; each object that it writes says so.

    Raises:
        RunFailedError: a file changed while it was being uploaded, or could no longer be read.
    """
    there = _There(s3, landing.bucket, _Index.read(s3, landing.index_bucket))
    with ThreadPoolExecutor(max_workers=CONNECTIONS) as threads:
        same = threads.map(lambda file: there.holds(file, hashes[file.key]), files)
        missing = [file for file, held in zip(files, same, strict=True) if not held]
        sent = threads.map(
            lambda file: _send(s3, landing.bucket, file, hashes[file.key], run_id), missing
        )
        for done, (file, etag) in enumerate(zip(missing, sent, strict=True), start=1):
            there.index.note(file.key, etag, hashes[file.key])
            advance(done, len(missing))
    return Uploaded(len(missing), len(files) - len(missing), there.index.write(s3))


def compare(
    s3: S3Client, landing: Landing, files: list[SourceFile], hashes: dict[str, Fingerprint]
) -> list[SourceFile]:
    """List the files that `upload` would send; nothing is written."""
    there = _There(s3, landing.bucket, _Index.read(s3, landing.index_bucket))
    return [file for file in files if not there.holds(file, hashes[file.key])]


class _Index:
    """Key -> (ETag, SHA-256) of the objects whose ETag is not their MD5."""

    def __init__(self, bucket: str, entries: dict[str, list[str]]) -> None:
        self.bucket = bucket
        self.entries = entries
        self.changed = False

    @classmethod
    def read(cls, s3: S3Client, bucket: str) -> _Index:
        try:
            body = s3.get_object(Bucket=bucket, Key=INDEX_KEY)["Body"].read()
            entries = json.loads(body)
        except (ClientError, BotoCoreError, ValueError):
            # Absent, not ours to read, cut or garbled: the objects themselves answer instead.
            entries = {}
        return cls(bucket, entries if isinstance(entries, dict) else {})

    def knows(self, key: str, etag: str, sha256: str) -> bool:
        return self.entries.get(key) == [etag, sha256]

    def note(self, key: str, etag: str, content: Fingerprint) -> None:
        if etag != content.md5:
            self.entries[key] = [etag, content.sha256]
            self.changed = True

    def write(self, s3: S3Client) -> list[str]:
        """Store what is new; where that is refused, return a note for the user."""
        if not self.changed:
            return []
        body = json.dumps(self.entries, sort_keys=True, separators=(",", ":")).encode()
        try:
            s3.put_object(Bucket=self.bucket, Key=INDEX_KEY, Body=body)
        except (ClientError, BotoCoreError) as error:
            response: Any = getattr(error, "response", {})
            reason = response.get("Error", {}).get("Code") or type(error).__name__
            note = (
                f"The list of uploads could not be kept in {self.bucket} "
                f"({reason}): the next upload takes longer to compare."
            )
            return [note]
        return []


class _There:
    """What the landing zone holds already."""

    def __init__(self, s3: S3Client, bucket: str, index: _Index) -> None:
        self.s3 = s3
        self.bucket = bucket
        self.index = index
        self.stored = _list(s3, bucket)

    def holds(self, file: SourceFile, content: Fingerprint) -> bool:
        found = self.stored.get(file.key)
        if found is None or found.size != file.size:
            return False
        if found.etag == content.md5 or self.index.knows(file.key, found.etag, content.sha256):
            return True
        head = self.s3.head_object(Bucket=self.bucket, Key=file.key)
        if head["Metadata"].get(HASH) != content.sha256:
            return False
        self.index.note(file.key, head["ETag"].strip('"'), content)
        return True


def _list(s3: S3Client, bucket: str) -> dict[str, _Stored]:
    stored: dict[str, _Stored] = {}
    pages = s3.get_paginator("list_objects_v2")
    for folder in TOP_FOLDERS:
        for page in pages.paginate(Bucket=bucket, Prefix=f"{folder}/"):
            for item in page.get("Contents", []):
                stored[item["Key"]] = _Stored(item["Size"], item["ETag"].strip('"'))
    return stored


def _send(s3: S3Client, bucket: str, file: SourceFile, content: Fingerprint, run_id: str) -> str:
    """Upload one file and return its ETag; S3 compares the content with the MD5 it is given."""
    try:
        with file.path.open("rb") as stream:
            reply: Any = s3.put_object(
                Bucket=bucket,
                Key=file.key,
                Body=stream,
                ContentMD5=base64.b64encode(bytes.fromhex(content.md5)).decode(),
                Metadata={HASH: content.sha256, RUN_ID: run_id},
            )
    except OSError as error:
        raise RunFailedError(
            f"The file {file.path} could no longer be read ({error.strerror}). Files before it "
            "were uploaded; run again when it is readable."
        ) from error
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BadDigest", "InvalidDigest"}:
            raise
        raise RunFailedError(
            f"The file {file.path} changed while it was being uploaded. Run again when it is "
            "complete."
        ) from error
    except BotoCoreError as error:
        raise RunFailedError(
            f"Uploading {file.path} failed: {error}. Run again to go on."
        ) from error
    return str(reply["ETag"]).strip('"')
