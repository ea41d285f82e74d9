"""Bodies of objects as files, so that memory holds none of them for longer than a request.

A blob never changes. Its file is complete before anything refers to it, and goes when the last
reference is gone: at once in a store that is not kept, and otherwise only after the commit that
forgets it (see `BlobStore.sweep`), so that no kill can leave an object without its body.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections import deque
from typing import TYPE_CHECKING, Final, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

_CHUNK: Final = 1024 * 1024
_NAME: Final = re.compile(r"[0-9a-f]{32}")


class Blob:
    """One body: its length, slices of it, and its content in chunks as a WSGI reply wants it."""

    def __init__(self, store: BlobStore, name: str, size: int) -> None:
        self._store = store
        self.name = name
        self.size = size

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, part: slice) -> bytes: ...
    @overload
    def __getitem__(self, part: int) -> int: ...
    def __getitem__(self, part: slice | int) -> bytes | int:
        if isinstance(part, int):
            return self[part : part + 1][0]
        start, stop, _ = part.indices(self.size)
        with self._store.path(self.name).open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(max(0, stop - start))

    def __iter__(self) -> Iterator[bytes]:
        with self._store.path(self.name).open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def __bytes__(self) -> bytes:
        return self._store.path(self.name).read_bytes()

    def __del__(self) -> None:
        self._store.release(self.name)


class BlobStore:
    """The blobs in one folder.

    With `kept` the folder outlives the process: released blobs wait for `sweep`.
    """

    def __init__(self, folder: Path, *, kept: bool) -> None:
        self._folder = folder
        self._kept = kept
        self._released: deque[str] = deque()
        for shard in range(256):
            (folder / f"{shard:02x}").mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return the file of a blob."""
        return self._folder / name[:2] / name

    def write(self, content: bytes) -> Blob:
        """Store a body and return it as a blob."""
        name = uuid.uuid4().hex
        file = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        return Blob(self, name, len(content))

    def release(self, name: str) -> None:
        """Note that nothing in memory refers to a blob any more."""
        if self._kept:
            self._released.append(name)
        else:
            self._remove(name)

    def sweep(self, is_used: Callable[[str], bool]) -> None:
        """Remove the released blobs which no saved object refers to; the others wait."""
        for _ in range(len(self._released)):
            name = self._released.popleft()
            if is_used(name):
                self._released.append(name)
            else:
                self._remove(name)

    def remove_orphans(self, used: Collection[str]) -> dict[str, int]:
        """Remove every blob file that is not in `used`; return the sizes of the others."""
        sizes = {}
        for shard in range(256):
            for entry in os.scandir(self._folder / f"{shard:02x}"):
                if entry.name in used:
                    sizes[entry.name] = entry.stat().st_size
                elif _NAME.fullmatch(entry.name):
                    self._remove(entry.name)
        return sizes

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))  # noqa: PTH108 - this runs while the interpreter ends, too
