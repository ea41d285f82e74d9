"""Puts the bodies of moto's S3 objects into blobs.

moto holds each body in a temporary file object of its own: in memory up to 16 MB, an open file
beyond that, read whole for every range of it, and copied for every listing of versions.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from localaws.blobs import Blob
from localaws.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localaws.blobs import BlobStore

_reader = threading.local()


class _Untracked(list[Any]):
    """Forgets what moto appends to it: its list of all instances would keep deleted objects."""

    def append(self, _: Any) -> None:
        """Keep nothing."""


@contextmanager
def _handing_out_blobs() -> Iterator[None]:
    """Let `FakeKey.value` be the blob itself in this thread, where its reader can do with one."""
    before = getattr(_reader, "wants_blobs", False)
    _reader.wants_blobs = True
    try:
        yield
    finally:
        _reader.wants_blobs = before


def _with_blobs(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with _handing_out_blobs():
            return method(*args, **kwargs)

    return call


def install(store: BlobStore) -> None:
    """Keep the bodies of all objects, and of parts of uploads, in `store`."""

    def get_value(self: FakeKey) -> bytes | Blob:
        blob: Blob = self.__dict__["_blob"]
        return blob if getattr(_reader, "wants_blobs", False) else bytes(blob)

    def set_value(self: FakeKey, content: bytes | str | Blob) -> None:
        # moto's constructor calls this: drop the buffer that it made just before.
        self.__dict__.pop("_value_buffer", None)
        if isinstance(content, str):
            content = content.encode()
        blob = content if isinstance(content, Blob) else store.write(content)
        self.__dict__["_blob"] = blob
        self.contentsize = len(blob)
        if self._etag is None:
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in [content] if isinstance(content, bytes) else blob:
                digest.update(chunk)
            self._etag = digest.hexdigest()

    complete = S3Backend.complete_multipart_upload

    def complete_multipart_upload(
        self: S3Backend, bucket_name: str, multipart_id: str, body: Iterator[tuple[int, str]]
    ) -> FakeKey | None:
        key = complete(self, bucket_name, multipart_id, body)
        if key is not None and key.multipart is not None:
            for part in key.multipart.parts.values():
                part.__dict__["_blob"] = None  # the size is still asked for, the body is not
        return key

    bodies = {"value": property(get_value, set_value), "etag": property(_quoted_etag)}
    for name, attribute in bodies.items():
        setattr(FakeKey, name, attribute)
    replace(
        FakeKey,
        dispose=lambda self, garbage=False: None,  # noqa: ARG005 - the blob goes with its last reference
        __del__=lambda self: None,  # noqa: ARG005
        __deepcopy__=lambda self, _: _twin(self),
    )
    replace(
        FakeDeleteMarker,
        # moto asks a marker for it too, when the marker is the last version of its key to go.
        dispose=lambda self: None,  # noqa: ARG005
        __deepcopy__=lambda self, _: _twin(self),
    )
    replace(
        S3Backend,
        copy_object=_with_blobs(S3Backend.copy_object),
        complete_multipart_upload=complete_multipart_upload,
        upload_part_copy=_with_blobs(S3Backend.upload_part_copy),
    )
    replace(S3Response, get_object=_with_blobs(S3Response.get_object))
    models: tuple[Any, ...] = (FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart)
    for model in models:
        model.instances_tracked = _Untracked()


def _quoted_etag(key: FakeKey) -> str:
    return f'"{key._etag}"'


def _twin(item: Any) -> Any:
    """Return a shallow copy, for listings that mark what is the latest version."""
    twin = object.__new__(type(item))
    twin.__dict__.update(item.__dict__)
    return twin
