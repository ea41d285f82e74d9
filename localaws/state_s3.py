"""Saves S3 in a state folder: a row for each bucket and each version of an object.

Uploads in parts that are not complete yet are not saved: after a restart they must begin again.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from moto.s3.models import (
    FakeBucket,
    FakeDeleteMarker,
    FakeKey,
    FakeTableStorageBucket,
    MultipartDict,
    s3_backends,
)
from moto.s3.utils import _VersionedKeyStore

from localaws.blobs import Blob
from localaws.pickling import dump, load

if TYPE_CHECKING:
    import sqlite3

    from localaws.blobs import BlobStore
    from localaws.s3_touched import Touched

log = logging.getLogger(__name__)

_UPSERT: Final = """
INSERT INTO versions (bucket, key, version, blob, size, document) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (bucket, key, version)
DO UPDATE SET blob = excluded.blob, size = excluded.size, document = excluded.document
"""
# What a version has besides its document: the body, a lock, and the parts it was uploaded in.
_NOT_SAVED: Final = {"_blob", "_value_buffer", "key", "lock", "multipart"}


class S3State:
    """Moto's S3 as it is saved in the database and the blobs of a state folder."""

    def __init__(self, connection: sqlite3.Connection, blobs: BlobStore, touched: Touched) -> None:
        self._connection = connection
        self._blobs = blobs
        self._touched = touched
        self._fresh: list[Blob] = []

    def save(self) -> None:
        """Write what the current thread changed, in a transaction of the caller's."""
        for name in self._touched.buckets:
            self._save_bucket(name)
        for (bucket, key), changed in self._touched.keys.items():
            self._save_key(bucket, key, changed)

    def saved(self) -> None:
        """Forget the changes, which are committed, and remove the blobs they made superfluous."""
        self._touched.forget()
        for blob in self._fresh:
            blob.content = None  # from here on it is read from the database
        self._fresh.clear()
        for name in self._blobs.sweep(self._uses):
            self._connection.execute("DELETE FROM bodies WHERE blob = ?", (name,))

    def _uses(self, blob: str) -> bool:
        query = "SELECT 1 FROM versions WHERE blob = ?"
        return self._connection.execute(query, (blob,)).fetchone() is not None

    def _save_bucket(self, name: str) -> None:
        bucket = _find_bucket(name)
        if bucket is None:
            self._connection.execute("DELETE FROM buckets WHERE name = ?", (name,))
            self._connection.execute("DELETE FROM versions WHERE bucket = ?", (name,))
            return
        backend = s3_backends[bucket.account_id][bucket.partition]
        fields = {k: v for k, v in vars(bucket).items() if k not in {"keys", "multiparts"}}
        tags = backend.tagger.get_tag_dict_for_resource(bucket.arn)
        document = dump((isinstance(bucket, FakeTableStorageBucket), fields, tags), "s3")
        self._connection.execute(
            "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)",
            (name, bucket.account_id, bucket.partition, document),
        )

    def _save_key(self, name: str, key: str, changed: set[str]) -> None:
        bucket = _find_bucket(name)
        versions = [] if bucket is None else bucket.keys.getlist(key, [])
        wanted = {str(version.version_id): version for version in versions}
        query = "SELECT version FROM versions WHERE bucket = ? AND key = ?"
        saved = {version for (version,) in self._connection.execute(query, (name, key))}
        for gone in saved - wanted.keys():
            self._connection.execute(
                "DELETE FROM versions WHERE bucket = ? AND key = ? AND version = ?",
                (name, key, gone),
            )
        newest = str(versions[-1].version_id) if versions else ""
        for number, version in wanted.items():
            if number == newest or number in changed or number not in saved:
                self._save_body(vars(version).get("_blob"))
                self._connection.execute(_UPSERT, (name, key, number, *_row(version)))

    def _save_body(self, blob: Blob | None) -> None:
        if blob is not None and blob.content is not None:
            self._connection.execute(
                "INSERT OR IGNORE INTO bodies VALUES (?, ?)", (blob.name, blob.content)
            )
            self._fresh.append(blob)

    def load(self) -> None:
        """Fill moto's empty S3 with what is saved, and remove bodies that nothing refers to."""
        for name, account, partition, document in self._connection.execute("SELECT * FROM buckets"):
            _load_bucket(name, account, partition, document)
        query = "SELECT blob, size FROM versions WHERE blob IS NOT NULL"
        sizes = dict(self._connection.execute(query).fetchall())
        present = self._blobs.remove_orphans(sizes.keys())
        self._connection.execute(
            "DELETE FROM bodies WHERE blob NOT IN (SELECT blob FROM versions WHERE blob NOT NULL)"
        )
        present |= dict(self._connection.execute("SELECT blob, length(content) FROM bodies"))
        query = "SELECT bucket, key, version, blob, size, document FROM versions ORDER BY number"
        shared: dict[str, Blob] = {}  # a copied object shares its body with the original
        for bucket, key, version, blob, size, document in self._connection.execute(query):
            if blob is not None and present.get(blob) != size:
                # Only a loss of power can do this; it never happens to a process that is killed.
                log.error("the body of s3://%s/%s (version %s) is lost", bucket, key, version)
                continue
            body = None
            if blob is not None:
                body = shared.setdefault(blob, Blob(self._blobs, blob, size))
            _load_version(bucket, key, body, document)


def _find_bucket(name: str) -> FakeBucket | None:
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    backend = s3_backends[account][partition]
    return backend.buckets.get(name) or backend.table_buckets.get(name)


def _row(version: FakeKey | FakeDeleteMarker) -> tuple[str | None, int, bytes]:
    """Return blob, size and document of a version."""
    fields = {k: v for k, v in vars(version).items() if k not in _NOT_SAVED}
    if isinstance(version, FakeDeleteMarker):
        return None, 0, dump((fields, {}), "s3")
    tagger = s3_backends[version.account_id][version.partition].tagger
    tags = tagger.get_tag_dict_for_resource(version.arn)
    blob: Blob = vars(version)["_blob"]
    return blob.name, blob.size, dump((fields, tags), "s3")


def _load_bucket(name: str, account: str, partition: str, document: bytes) -> None:
    is_table, fields, tags = load(document)
    kind: type[Any] = FakeTableStorageBucket if is_table else FakeBucket
    bucket = object.__new__(kind)
    vars(bucket).update(fields, keys=_VersionedKeyStore(), multiparts=MultipartDict())
    backend = s3_backends[account][partition]
    buckets: dict[str, Any] = backend.table_buckets if is_table else backend.buckets
    buckets[name] = bucket
    s3_backends.bucket_accounts[name] = (partition, account)
    _tag(backend, bucket.arn, tags)


def _load_version(name: str, key: str, blob: Blob | None, document: bytes) -> None:
    bucket = _find_bucket(name)
    if bucket is None:
        return
    fields, tags = load(document)
    if blob is None:
        marker = object.__new__(FakeDeleteMarker)
        vars(marker).update(fields, key=bucket.keys.get(key))
        bucket.keys[key] = marker
        return
    version = object.__new__(FakeKey)
    vars(version).update(fields, _blob=blob, lock=threading.Lock(), multipart=None)
    bucket.keys[key] = version
    _tag(s3_backends[bucket.account_id][bucket.partition], version.arn, tags)


def _tag(backend: Any, arn: str, tags: dict[str, str]) -> None:
    if tags:
        backend.tagger.tag_resource(arn, [{"Key": k, "Value": v} for k, v in tags.items()])
