"""Listing versions of objects while they are deleted page by page.

moto goes on after the version that the client names, and finds nothing more once that version is
gone. Who empties a bucket deletes each page before asking for the next: so does the AWS provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.utils import unix_time_millis
from moto.s3.models import FakeBucket, S3Backend

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Replace the listing of versions."""
    list_versions = S3Backend.list_object_versions

    def list_object_versions(  # noqa: PLR0917 - as moto calls it
        self: S3Backend,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        max_keys: int | None = 1000,
        prefix: str = "",
        version_id_marker: str | None = None,
    ) -> Any:
        if key_marker and not delimiter:
            bucket = self.get_bucket(bucket_name)
            key_marker, version_id_marker = _last_seen(bucket, key_marker, version_id_marker)
        return list_versions(
            self, bucket_name, delimiter, key_marker, max_keys, prefix, version_id_marker
        )

    replace(S3Backend, list_object_versions=list_object_versions)


def _last_seen(bucket: FakeBucket, key: str, version: str | None) -> tuple[str | None, str | None]:
    """Return key and version id of the last version that is before what the client asks for next.

    Without a version the client has seen all of the key. Of a key whose named version is gone, it
    gets every version that is left.
    """
    if any(held.version_id == version for held in bucket.keys.getlist(key, [])):
        return key, version
    seen = [name for name in bucket.keys if name < key or (version is None and name == key)]
    if not seen:
        return None, None
    last = max(seen)
    newest_first = sorted(
        bucket.keys.getlist(last), key=lambda held: -unix_time_millis(held.last_modified)
    )
    return last, newest_first[-1].version_id
