"""A state folder is private, serves one process, and is refused where it cannot be one."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from localaws import errors, process
from localaws.folders import HeldFolder
from localaws.state_database import FORMAT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_serves_one_process_at_a_time(tmp_path: Path) -> None:
    """A second server on the same folder is refused by name; after the first, it starts."""
    with (
        process.start(state=tmp_path),
        pytest.raises(errors.StateInUseError, match=str(tmp_path)),
    ):
        process.start(state=tmp_path)
    process.start(state=tmp_path).close()


def test_the_folder_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine may read the state."""
    process.start(state=tmp_path / "new" / "state").close()
    folder = tmp_path / "new" / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "localaws.db").stat().st_mode) == 0o600


def test_what_cannot_be_a_state_folder_is_refused(tmp_path: Path) -> None:
    """A file, a foreign database and another format are named, and left as they are."""
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(errors.StateError, match="is a file"):
        process.start(state=file)
    with pytest.raises(errors.StateError, match="is a file or lies below one"):
        process.start(state=file / "below")
    assert file.read_text() == "mine"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "localaws.db").write_text("not a database, and long enough to be seen as none")
    with pytest.raises(errors.StateFormatError, match="is no database of localaws"):
        process.start(state=foreign)
    newer = tmp_path / "newer"
    process.start(state=newer).close()
    database = sqlite3.connect(newer / "localaws.db")
    database.execute(f"PRAGMA user_version = {FORMAT + 1}")
    database.close()
    with pytest.raises(errors.StateFormatError, match=f"has format {FORMAT + 1}"):
        process.start(state=newer)
    older = tmp_path / "older"
    process.start(state=older).close()
    database = sqlite3.connect(older / "localaws.db")
    database.execute("UPDATE about SET moto = '4.0.0'")
    database.commit()
    database.close()
    with pytest.raises(errors.StateFormatError, match=r"written with moto 4\.0\.0"):
        process.start(state=older)


def test_an_unwritable_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be written to is named with the reason (also for root, who may)."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(errors.StateError, match=f"{tmp_path}: Permission denied; give one"):
        HeldFolder(tmp_path)
