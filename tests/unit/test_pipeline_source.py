"""Source folders: which files land under which keys, and what is refused before any upload."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import SourceError
from pipeline.source import LONGEST_KEY, fingerprint, scan

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *names: str) -> None:
    """Write small files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")


def keys(folder: Path) -> list[str]:
    """List the keys of a folder's files."""
    return [file.key for file in scan(folder).files]


def test_files_of_any_depth_land_in_the_order_of_their_keys(tmp_path: Path) -> None:
    """Plain and gzipped JSON of both top folders is taken, in one order everywhere."""
    write(
        tmp_path,
        "song-data/A/B/C/two.json",
        "song-data/one.json",
        "log-data/2018/11/day.json.gz",
        "log-data/a b/ü.json",
    )
    assert keys(tmp_path) == [
        "log-data/2018/11/day.json.gz",
        "log-data/a b/ü.json",
        "song-data/A/B/C/two.json",
        "song-data/one.json",
    ]


def test_the_public_samples_names_are_understood(tmp_path: Path) -> None:
    """song_data and log_data land as song-data and log-data, and the user is told."""
    write(tmp_path, "song_data/A/B/C/x_y.json", "log_data/2018/11/2018-11-01-events.json")
    source = scan(tmp_path)
    assert [file.key for file in source.files] == [
        "log-data/2018/11/2018-11-01-events.json",
        "song-data/A/B/C/x_y.json",
    ]
    assert source.notes == ["log_data/ lands as log-data/.", "song_data/ lands as song-data/."]


def test_what_is_no_json_or_hidden_is_left_out(tmp_path: Path) -> None:
    """Markers, system files and other types do not land."""
    write(
        tmp_path,
        "song-data/a.json",
        "song-data/.hidden.json",
        "song-data/.cache/b.json",
        "song-data/readme.txt",
        "song-data/c.jsonl",
        ".lakehouse-sample.json",
    )
    assert keys(tmp_path) == ["song-data/a.json"]


def test_json_beside_the_two_folders_is_left_out_with_a_note(tmp_path: Path) -> None:
    """Nothing disappears silently."""
    write(tmp_path, "song-data/a.json", "other/b.json", "c.json")
    assert scan(tmp_path).notes == [
        "2 JSON file(s) outside song-data and log-data are left out, such as c.json."
    ]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    """A link may point anywhere: only files inside the folder are read."""
    write(tmp_path, "outside/secret.json", "in/song-data/a.json")
    inside = tmp_path / "in"
    (inside / "song-data/file.json").symlink_to(tmp_path / "outside/secret.json")
    (inside / "song-data/folder").symlink_to(tmp_path / "outside")
    (inside / "song-data/same.json").symlink_to(inside / "song-data/a.json")
    source = scan(inside)
    assert [file.key for file in source.files] == ["song-data/a.json", "song-data/same.json"]
    assert source.notes == [
        "The linked folder song-data/folder is not followed.",
        "song-data/file.json links out of the folder: not followed.",
    ]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The message has the path."""
    with pytest.raises(SourceError, match=r"nowhere does not exist"):
        scan(tmp_path / "nowhere")


def test_a_file_is_no_source(tmp_path: Path) -> None:
    """The message says what to pass instead."""
    write(tmp_path, "a.json")
    with pytest.raises(
        SourceError, match=r"is not a folder\. Pass the folder that holds song-data"
    ):
        scan(tmp_path / "a.json")


def test_an_empty_folder_and_one_without_json_are_told_apart(tmp_path: Path) -> None:
    """Both messages show the expected layout."""
    with pytest.raises(SourceError, match=r"is empty. Expected: song-data/\*\*/\*.json"):
        scan(tmp_path)
    write(tmp_path, "song-data/a.txt")
    with pytest.raises(SourceError, match=r"holds no \*.json file. Expected"):
        scan(tmp_path)


def test_another_layout_is_explained_with_a_likely_folder(tmp_path: Path) -> None:
    """The two folders may be deeper down, or the source may be one of them."""
    write(tmp_path, "data/song_data/A/a.json")
    with pytest.raises(SourceError, match=rf"Did you mean --source {tmp_path}/data\?"):
        scan(tmp_path)
    with pytest.raises(SourceError, match=rf"Did you mean --source {tmp_path}/data\?"):
        scan(tmp_path / "data/song_data")
    write(tmp_path, "plain/a.json")
    with pytest.raises(SourceError, match="but neither song-data nor log-data at its top"):
        scan(tmp_path / "plain")


def test_two_files_of_one_key_are_both_named(tmp_path: Path) -> None:
    """song_data/a.json and song-data/a.json would overwrite each other."""
    write(tmp_path, "song_data/a.json", "song-data/a.json")
    with pytest.raises(SourceError, match=r"song-data/a.json and song_data/a.json"):
        scan(tmp_path)


def test_an_unreadable_file_is_named_before_anything_is_uploaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file is opened once by the scan, which comes before the first upload."""
    write(tmp_path, "song-data/a.json", "song-data/b.json")
    (tmp_path / "song-data/b.json").chmod(0)
    if os.access(tmp_path / "song-data/b.json", os.R_OK):  # The superuser reads everything.
        real_open = type(tmp_path).open

        def denying_open(path: Path, mode: str = "r") -> object:
            if path.name == "b.json":
                raise PermissionError(13, "Permission denied")
            return real_open(path, mode)

        monkeypatch.setattr(type(tmp_path), "open", denying_open)
    with pytest.raises(SourceError, match=r"song-data/b\.json cannot be read \(Permission denied"):
        scan(tmp_path)


def test_a_broken_link_is_an_unreadable_file(tmp_path: Path) -> None:
    """A link into the folder whose target is gone is not passed over."""
    write(tmp_path, "song-data/a.json")
    (tmp_path / "song-data/b.json").symlink_to(tmp_path / "song-data/gone.json")
    with pytest.raises(SourceError, match=r"song-data/b\.json cannot be read"):
        scan(tmp_path)


def test_a_key_longer_than_s3_allows_is_refused(tmp_path: Path) -> None:
    """S3 counts bytes, not characters."""
    deep = "/".join(["song-data", *["ü" * 100] * (LONGEST_KEY // 200 + 1), "a.json"])
    write(tmp_path, deep)
    with pytest.raises(SourceError, match="longer than the 1024 bytes"):
        scan(tmp_path)


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    """S3 keys are UTF-8, file names need not be."""
    write(tmp_path, "song-data/a.json")
    with open(os.fsencode(tmp_path) + b"/song-data/\xff.json", "wb"):  # noqa: PTH123
        pass
    with pytest.raises(SourceError, match="not valid UTF-8"):
        scan(tmp_path)


def test_a_fingerprint_is_the_hashes_of_the_content(tmp_path: Path) -> None:
    """MD5 as S3's ETag, SHA-256 as our own."""
    write(tmp_path, "song-data/a.json")
    content = (tmp_path / "song-data/a.json").read_bytes()
    found = fingerprint(scan(tmp_path).files[0])
    assert found.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_that_goes_away_after_the_scan_is_named(tmp_path: Path) -> None:
    """All files are hashed before the first is uploaded."""
    write(tmp_path, "song-data/a.json")
    file = scan(tmp_path).files[0]
    file.path.unlink()
    with pytest.raises(SourceError, match=r"song-data/a\.json cannot be read .* Nothing was"):
        fingerprint(file)
