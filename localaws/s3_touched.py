"""Notes which buckets and objects a request changes, so that exactly those are saved."""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from moto.s3.models import FakeKey, S3Backend

from localaws.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable

# Methods of moto's S3 backend whose first arguments are the bucket and the key.
_BY_KEY: Final = (
    "delete_object",
    "delete_object_tagging",
    "put_object",
    "put_object_acl",
    "put_object_legal_hold",
    "put_object_retention",
    "restore_object",
)
# Methods whose first argument is the bucket.
_BY_BUCKET: Final = (
    "create_bucket",
    "delete_bucket",
    "delete_bucket_cors",
    "delete_bucket_encryption",
    "delete_bucket_lifecycle",
    "delete_bucket_ownership_controls",
    "delete_bucket_policy",
    "delete_bucket_replication",
    "delete_bucket_tagging",
    "delete_bucket_website",
    "delete_public_access_block",
    "delete_table_storage_bucket",
    "put_bucket_accelerate_configuration",
    "put_bucket_acl",
    "put_bucket_cors",
    "put_bucket_encryption",
    "put_bucket_inventory_configuration",
    "put_bucket_lifecycle",
    "put_bucket_lifecycle_configuration",
    "put_bucket_logging",
    "put_bucket_notification_configuration",
    "put_bucket_ownership_controls",
    "put_bucket_policy",
    "put_bucket_replication",
    "put_bucket_tagging",
    "put_bucket_versioning",
    "put_bucket_website",
    "put_object_lock_configuration",
    "put_public_access_block",
)


class Touched(threading.local):
    """What the current thread changed and has not saved yet.

    `keys` maps (bucket, key) to the ids of changed versions; the newest is always looked at.
    """

    def __init__(self) -> None:
        self.buckets: set[str] = set()
        self.keys: dict[tuple[str, str], set[str]] = {}

    def key(self, bucket: str, key: str, version: str | None = None) -> None:
        """Note a change of an object, or of one version of it."""
        versions = self.keys.setdefault((bucket, key), set())
        if version:
            versions.add(version)

    def forget(self) -> None:
        """Forget what was noted: it is saved."""
        self.buckets.clear()
        self.keys.clear()


def install(touched: Touched) -> None:
    """Make moto's S3 backend note its changes in `touched`."""
    for name in _BY_KEY:
        replace(S3Backend, **{name: _noting_key(getattr(S3Backend, name), touched)})
    for name in _BY_BUCKET:
        replace(S3Backend, **{name: _noting_bucket(getattr(S3Backend, name), touched)})
    put_object_tagging = S3Backend.put_object_tagging
    tag_resource, untag_resource = S3Backend.tag_resource, S3Backend.untag_resource
    create_table_bucket = S3Backend.create_table_storage_bucket

    def tag_key(self: S3Backend, key: FakeKey, tags: dict[str, str] | None) -> FakeKey:
        touched.key(str(key.bucket_name), key.name, key.version_id)
        return put_object_tagging(self, key, tags)

    def tag(self: S3Backend, arn: str, tags: dict[str, str]) -> None:
        touched.buckets.add(arn.rpartition(":")[2])
        tag_resource(self, arn, tags)

    def untag(self: S3Backend, arn: str, tag_keys: list[str]) -> None:
        touched.buckets.add(arn.rpartition(":")[2])
        untag_resource(self, arn, tag_keys)

    def create_table_storage_bucket(self: S3Backend, region_name: str) -> Any:
        bucket = create_table_bucket(self, region_name)
        touched.buckets.add(bucket.name)
        return bucket

    replace(
        S3Backend,
        create_table_storage_bucket=create_table_storage_bucket,
        put_object_tagging=tag_key,
        tag_resource=tag,
        untag_resource=untag,
    )


def _noting_key(method: Callable[..., Any], touched: Touched) -> Callable[..., Any]:
    @wraps(method)
    def call(self: S3Backend, bucket_name: str, key_name: str, *rest: Any, **named: Any) -> Any:
        touched.key(bucket_name, key_name, named.get("version_id") or _version(rest))
        return method(self, bucket_name, key_name, *rest, **named)

    return call


def _version(rest: tuple[Any, ...]) -> str | None:
    """Return the version among positional arguments, where moto passes it as the third."""
    return rest[0] if rest and isinstance(rest[0], str) else None


def _noting_bucket(method: Callable[..., Any], touched: Touched) -> Callable[..., Any]:
    @wraps(method)
    def call(self: S3Backend, bucket_name: str, *rest: Any, **named: Any) -> Any:
        touched.buckets.add(bucket_name)
        return method(self, bucket_name, *rest, **named)

    return call
