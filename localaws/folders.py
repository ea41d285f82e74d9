"""The folders that a server writes to, each held by one process through a lock on a file in it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from localaws.errors import StateError, StateInUseError

if TYPE_CHECKING:
    from types import TracebackType

_LOCK: Final = "lock"
_WORK_PREFIX: Final = "localaws-"


class HeldFolder:
    """A folder (mode 0700) that this process holds until it closes it or ends.

    The kernel frees the lock of a process that dies, however it dies. Raises `StateError` when the
    folder cannot be made or written to, `StateInUseError` when another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
            self._lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except (FileExistsError, NotADirectoryError):
            raise StateError(f"{path} is a file or lies below one; give a folder") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise StateError(
                f"cannot write to the folder {path}: {reason}; give one that you own"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StateInUseError(
                f"another localaws uses the folder {path}; stop it or give another folder"
            ) from None

    def close(self) -> None:
        """Give the folder free for the next process."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        """Return the folder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the folder free."""
        self.close()


class WorkFolder(HeldFolder):
    """A temporary folder that goes with the server, also when the server is killed.

    A killed process cannot remove its folder: the next one does, for every folder of that kind
    which no process holds.
    """

    def __init__(self) -> None:
        root = Path(tempfile.gettempdir())
        for left in root.glob(f"{_WORK_PREFIX}*"):
            _remove_if_free(left)
        super().__init__(Path(tempfile.mkdtemp(prefix=_WORK_PREFIX)))

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        super().close()


def _remove_if_free(path: Path) -> None:
    if not (path / _LOCK).is_file() or path.stat().st_uid != os.getuid():
        return
    try:
        with HeldFolder(path):
            shutil.rmtree(path, ignore_errors=True)
    except StateError:
        return
