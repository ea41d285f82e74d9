"""Writes the entries of S3 listings as XML by itself, and their keys as S3 encodes them.

moto's serializer looks each member of each entry up in botocore's model and parses each date with
dateutil: that is nearly all that a listing costs, some 0.4 ms for each key.

Where keys are asked for encoded (`encoding-type=url`), S3 writes a space as `+`. moto writes `%20`,
with which a client passes that does not know the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

from moto.core.responses import ActionResult
from moto.s3.models import FakeKey
from moto.s3.responses import S3Response

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

_WRITTEN: Final = {"Key", "LastModified", "ETag", "ChecksumAlgorithm", "Size", "StorageClass"}
"""What is known of each entry in a listing without further wishes; others are moto's to write."""
_BEFORE: Final = "</IsTruncated>"


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Write the entries of ListObjectsV2 in place of moto."""
    serialize = S3Response.serialized

    def serialized(self: S3Response, action_result: ActionResult) -> Any:
        result: Any = action_result.result
        entries = result.get("Contents") if isinstance(result, dict) else None
        if not entries or not all(entry.keys() <= _WRITTEN for entry in entries):
            return serialize(self, action_result)
        others = ActionResult({**result, "Contents": []})
        status, headers, body = serialize(self, others)
        text = body.decode() if isinstance(body, bytes) else body
        written = "".join(_entry(entry) for entry in entries)
        return status, headers, text.replace(_BEFORE, _BEFORE + written, 1)

    replace(S3Response, serialized=serialized)
    replace(FakeKey, safe_name=_as_listed)


def _as_listed(key: FakeKey, encoding_type: str | None = None) -> str:
    """The key as a listing has it: form-encoded when that was asked for, its slashes left alone."""
    if encoding_type != "url":
        return str(key.name)
    return quote_plus(key.name, safe="/*").replace("~", "%7E")


def _entry(entry: dict[str, Any]) -> str:
    checksums = "".join(
        f"<ChecksumAlgorithm>{name}</ChecksumAlgorithm>"
        for name in entry.get("ChecksumAlgorithm", ())
    )
    return (
        f"<Contents><Key>{escape(entry['Key'])}</Key>"
        f"<LastModified>{entry['LastModified']}</LastModified><ETag>{escape(entry['ETag'])}</ETag>"
        f"{checksums}<Size>{entry['Size']}</Size>"
        f"<StorageClass>{entry['StorageClass']}</StorageClass></Contents>"
    )
