"""Bodies of objects, held so that memory stays flat: large ones as files, small ones as bytes.

A blob never changes. The file of a large one is complete before anything refers to it, and goes
when the last reference is gone: at once in a store that is not kept, and otherwise only after the
commit that forgets it (see `BlobStore.sweep`), so that no kill can leave an object without its
body. A small one stays in memory, or in a store that is kept moves into the database when saved:
a file each would cost small uploads more than all the rest.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

SMALL: Final = 32 * 1024
_CHUNK: Final = 1024 * 1024
_FILE_NAME: Final = re.compile(r"[0-9a-f]{32}")
_SHARDS: Final = "0123456789abcdef"


class Blob:
    """One body: its length, slices of it, and its content in chunks as a WSGI reply wants it.

    `content` is there only for a small body that is in memory.
    """

    def __init__(
        self, store: BlobStore, name: str, size: int, content: bytes | None = None
    ) -> None:
        self._store = store
        self.name = name
        self.size = size
        self.content = content

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        if self.size <= SMALL:
            return bytes(self)[part]
        start, stop, _ = part.indices(self.size)
        with self._store.path(self.name).open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(max(0, stop - start))

    def __iter__(self) -> Iterator[bytes]:
        if self.size <= SMALL:
            yield bytes(self)
            return
        with self._store.path(self.name).open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def __bytes__(self) -> bytes:
        # Taken once: another thread may let go of it in between.
        content = self.content
        if content is not None:
            return content
        if self.size <= SMALL:
            return self._store.read_small(self.name)
        return self._store.path(self.name).read_bytes()

    def __del__(self) -> None:
        self._store.release(self)


class BlobStore:
    """The bodies of one server, the large ones in `folder`.

    With `kept` they outlive the process: released ones wait for `sweep`, and `read_small` is set
    to what reads small ones from the database.
    """

    def __init__(self, folder: Path, *, kept: bool) -> None:
        self._folder = folder
        self._kept = kept
        self._released: deque[str] = deque()
        self.read_small: Callable[[str], bytes]
        for shard in _SHARDS:
            (folder / shard).mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return the file of a large blob."""
        return self._folder / name[0] / name

    def write(self, content: bytes) -> Blob:
        """Store a body and return it as a blob."""
        name = uuid.uuid4().hex
        if len(content) <= SMALL:
            return Blob(self, name, len(content), content)
        file = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        return Blob(self, name, len(content))

    def release(self, blob: Blob) -> None:
        """Note that nothing in memory refers to a blob any more."""
        if self._kept:
            self._released.append(blob.name)
        elif blob.size > SMALL:
            self.remove(blob.name)

    def sweep(self, is_used: Callable[[str], bool]) -> list[str]:
        """Remove the released blobs which no saved object refers to; the others wait.

        Returns the names of the removed ones, as small ones are for the caller to remove.
        """
        removed = []
        for _ in range(len(self._released)):
            name = self._released.popleft()
            if is_used(name):
                self._released.append(name)
            else:
                self.remove(name)
                removed.append(name)
        return removed

    def remove_orphans(self, used: Collection[str]) -> dict[str, int]:
        """Remove every file that is not in `used`; return the sizes of the others by name."""
        sizes = {}
        for shard in _SHARDS:
            for entry in os.scandir(self._folder / shard):
                if entry.name in used:
                    sizes[entry.name] = entry.stat().st_size
                elif _FILE_NAME.fullmatch(entry.name):
                    self.remove(entry.name)
        return sizes

    def remove(self, name: str) -> None:
        """Remove the file of a blob, if it has one."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))  # noqa: PTH108 - this runs while the interpreter ends, too
