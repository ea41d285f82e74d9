"""Table states: exact rows, read from the Delta log, or from the files where it does not say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from pipeline import tables
from pipeline.errors import RunFailedError
from pipeline.tables import TableState, read_tables

if TYPE_CHECKING:
    from pathlib import Path


class NoAws:
    """Tables on this machine need no options."""

    def delta_options(self) -> dict[str, str]:
        """None at all."""
        return {}


def read(**locations: Path) -> dict[str, TableState]:
    """Read tables of the file system as those of a stack."""
    aws: Any = NoAws()
    return read_tables(aws, {name: str(path) for name, path in locations.items()})


def test_rows_files_and_version_come_from_the_log(tmp_path: Path) -> None:
    """In the order asked for; a table may be empty."""
    for _ in range(2):
        write_deltalake(tmp_path / "songs", pa.table({"a": [1, 2, 3]}), mode="append")
    schema = pa.schema([("a", pa.int64())])
    write_deltalake(tmp_path / "users", schema.empty_table())
    states = read(users=tmp_path / "users", songs=tmp_path / "songs")
    assert list(states) == ["users", "songs"]
    assert states["songs"].as_json() == {
        "rows": 6,
        "files": 2,
        "version": 1,
        "location": str(tmp_path / "songs"),
    }
    assert states["users"].rows == 0


def test_files_without_statistics_are_counted(tmp_path: Path) -> None:
    """A writer may leave the number of records out of the log."""
    table = tmp_path / "songs"
    write_deltalake(table, pa.table({"a": [1, 2, 3]}))
    write_deltalake(table, pa.table({"a": [4]}), mode="append")
    commit = table / "_delta_log" / f"{1:020}.json"
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    for action in actions:
        action.get("add", {}).pop("stats", None)
    commit.write_text("\n".join(json.dumps(action) for action in actions))
    assert read(songs=table)["songs"].rows == 4


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """The message has the table and its place."""
    with pytest.raises(RunFailedError, match=r"There is no Delta table songs at .*nowhere"):
        read(songs=tmp_path / "nowhere")


def test_an_answer_that_breaks_off_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice; a third time it is told, with the table and its place."""
    write_deltalake(tmp_path / "songs", pa.table({"a": [1]}))
    opened = DeltaTable
    broken = ["body", "body"]

    def break_off(*arguments: Any, **options: Any) -> Any:
        if broken:
            raise OSError(broken.pop())
        return opened(*arguments, **options)

    monkeypatch.setattr(tables, "DeltaTable", break_off)
    assert read(songs=tmp_path / "songs")["songs"].rows == 1
    broken[:] = ["body"] * 3
    with pytest.raises(RunFailedError, match=r"The Delta log of songs at .* cannot be read: body"):
        read(songs=tmp_path / "songs")
