"""What a source folder offers to the landing zone: its JSON files, their keys and their hashes.

The public Million Song and Sparkify samples come as `song_data/` and `log_data/`, elsewhere as
`song-data/` and `log-data/`; the landing zone knows the second form only.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".json", ".json.gz")
"""Endings of the files that are uploaded."""

TOP_FOLDERS = ("song-data", "log-data")
"""The folders of the landing zone, as the job lists them."""

LARGEST_OBJECT = 5 * 1024**3
"""Bytes that one S3 PutObject takes."""

LONGEST_KEY = 1024
"""Bytes of UTF-8 that an S3 key may have."""

LAYOUT = (
    "song-data/**/*.json (one song per file) and log-data/**/*.json (one event per line); "
    "song_data and log_data are fine, and so is .json.gz"
)


@dataclass(frozen=True)
class SourceFile:
    """One file to upload: where it is, and what it is called in the landing zone."""

    path: Path
    key: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Fingerprint:
    """Two hashes of a file's content: `md5` is S3's ETag unless KMS encrypts, `sha256` is ours."""

    md5: str
    sha256: str


@dataclass(frozen=True)
class Source:
    """The files of a source folder in the order of their keys, and what to tell its owner."""

    files: list[SourceFile]
    notes: list[str]


def scan(folder: Path) -> Source:
    """List the files of `folder` that belong in the landing zone, and check all can be read.

    Links that lead out of the folder are not followed, and names that begin with a dot are left
    out; the notes say so.

    Raises:
        SourceError: the folder is missing, no folder, empty, without JSON, without either of the
            two top folders; or a file cannot be read, is too large, or shares its key.
    """
    if not folder.exists():
        raise SourceError(f"The source folder {folder} does not exist. Nothing was uploaded.")
    if not folder.is_dir():
        raise SourceError(
            f"The source {folder} is not a folder. Pass the folder that holds {LAYOUT}."
        )
    notes: list[str] = []
    found = list(_json_files(folder, notes))
    if not found:
        what = "holds no *.json file" if any(folder.iterdir()) else "is empty"
        raise SourceError(
            " ".join([f"The source folder {folder} {what}. Expected: {LAYOUT}.", *notes])
        )
    inside: dict[str, Path] = {}
    outside: list[Path] = []
    for relative in found:
        key = _key(relative)
        if key is None:
            outside.append(relative)
        elif key in inside:
            raise SourceError(
                f"Two files of {folder} would become the one object {key}: {inside[key]} and "
                f"{relative}. Remove or rename one of them; nothing was uploaded."
            )
        else:
            inside[key] = relative
    if not inside:
        raise SourceError(_wrong_layout(folder, outside))
    if outside:
        notes.append(
            f"{len(outside)} JSON file(s) outside song-data and log-data are left out, "
            f"such as {outside[0]}."
        )
    renamed = sorted({path.parts[0] for path in inside.values()} - set(TOP_FOLDERS))
    notes.extend(f"{name}/ lands as {name.replace('_', '-')}/." for name in renamed)
    return Source([_checked(folder / inside[key], key) for key in sorted(inside)], notes)


def fingerprint(file: SourceFile) -> Fingerprint:
    """Hash the content of a file.

    Raises:
        SourceError: it could not be read to its end.
    """
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    try:
        with file.path.open("rb") as stream:
            while block := stream.read(1 << 20):
                sha256.update(block)
                md5.update(block)
    except OSError as error:
        raise SourceError(
            f"The file {file.path} cannot be read ({error.strerror}). Nothing was uploaded."
        ) from error
    return Fingerprint(md5.hexdigest(), sha256.hexdigest())


def _json_files(folder: Path, notes: list[str]) -> Iterator[Path]:
    home = folder.resolve()
    for parent, folders, names in os.walk(folder, onerror=_unreadable_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            link = Path(parent, name)
            if link.is_symlink():
                notes.append(f"The linked folder {link.relative_to(folder)} is not followed.")
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith(".") or not name.endswith(SUFFIXES):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                notes.append(f"{path.relative_to(folder)} links out of the folder: not followed.")
                continue
            yield path.relative_to(folder)


def _unreadable_folder(error: OSError) -> None:
    raise SourceError(
        f"The folder {error.filename} cannot be read ({error.strerror}). Nothing was uploaded."
    ) from error


def _key(relative: Path) -> str | None:
    top = relative.parts[0].replace("_", "-")
    if top not in TOP_FOLDERS or len(relative.parts) < 2:
        return None
    return "/".join([top, *relative.parts[1:]])


def _checked(path: Path, key: str) -> SourceFile:
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise SourceError(
            f"The name of {path!r} is not valid UTF-8, which S3 needs. Rename the file; nothing "
            "was uploaded."
        ) from error
    if length > LONGEST_KEY:
        raise SourceError(f"The path {key} is longer than the {LONGEST_KEY} bytes of an S3 key.")
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        raise SourceError(
            f"The file {path} cannot be read ({error.strerror}). Make it readable or move it "
            "away; nothing was uploaded."
        ) from error
    if size > LARGEST_OBJECT:
        raise SourceError(f"The file {path} is larger than 5 GiB, the limit of one upload.")
    return SourceFile(path, key, size)


def _wrong_layout(folder: Path, outside: list[Path]) -> str:
    message = (
        f"{folder} holds {len(outside)} JSON file(s), such as {outside[0]}, but neither song-data "
        f"nor log-data at its top. Expected: {LAYOUT}."
    )
    for path in outside:
        for depth, part in enumerate(path.parts[:-1]):
            if part.replace("_", "-") in TOP_FOLDERS:
                above = folder.joinpath(*path.parts[:depth])
                hint = above if depth else folder.parent
                return f"{message} Did you mean --source {hint}?"
    if folder.resolve().name.replace("_", "-") in TOP_FOLDERS:
        return f"{message} Did you mean --source {folder.resolve().parent}?"
    return message
