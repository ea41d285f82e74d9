"""Schema versions: an older table is migrated before the first merge, a newer one is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spark import restore_point, schema
from spark.care import care_of
from spark.contract import CONTRACT_VERSION, LOG_SOURCE, Kind
from spark.delta import SCHEMA_VERSION
from spark.tables import INGESTED_FILES, SONGPLAYS, SONGS, TABLES, Table
from tests.spark.other_contract import logs_by


def written_before(lake: Any, table: Table, without: set[str], narrower: dict[str, str]) -> None:
    """Make a table what a release before would have left: fewer columns, or narrower ones."""
    columns = tuple((n, narrower.get(n, kind)) for n, kind in table.columns if n not in without)
    former = replace(table, columns=columns, schema_version=table.schema_version - 1)
    frame = lake.spark.read.format("delta").load(f"{lake.bronze}/{table.name}")
    kept = frame.selectExpr(*(f"cast(`{name}` as {kind}) as `{name}`" for name, kind in columns))
    aside = f"{lake.processing}/aside/{table.name}"
    has_rows = kept.limit(1).count() > 0
    if has_rows:
        kept.write.parquet(aside)
    lake.storage.delete_under(f"{lake.bronze}/{table.name}/")
    bronze = lake.bronze_zone()
    bronze.create_missing([former])
    if has_rows:
        bronze.append(former, lake.spark.read.parquet(aside))


@pytest.fixture
def old(lake: Any, make_song: Any, make_play: Any) -> Any:
    """A lake of the release before: a column fewer, one narrower, the ledger too; and new input."""
    lake.put("song-data/1.json", [make_song(1)])
    lake.put("log-data/1.json", [make_play(1), make_play(2)])
    lake.run()
    written_before(lake, SONGPLAYS, {"user_agent"}, {"session_id": "int"})
    written_before(lake, INGESTED_FILES, {"ignored"}, {})
    lake.put("log-data/2.json", [make_play(2, level="paid"), make_play(3)])
    return lake


def check_migrated(lake: Any) -> None:
    """The tables have this release's schema, what was there is there, and new rows are whole."""
    care = care_of(lake.bronze_zone())
    for table in TABLES:
        location = f"{lake.bronze}/{table.name}"
        assert set(care.columns(location).items()) == set(table.columns)
        assert care.properties(location)[SCHEMA_VERSION] == str(table.schema_version)
    plays = sorted(lake.rows(SONGPLAYS), key=lambda row: row["start_time"])
    assert [row["user_agent"] for row in plays] == [None, '"Mozilla/5.0"', '"Mozilla/5.0"']
    assert [row["session_id"] for row in plays] == [38, 38, 38]
    assert [row["level"] for row in plays] == ["free", "paid", "free"]
    ledger = lake.rows(INGESTED_FILES)
    assert sorted((row["kept"], row["ignored"]) for row in ledger if row["ignored"] is None) == [
        (1, None),
        (2, None),
    ]
    assert [(row["kept"], row["ignored"]) for row in ledger if row["ignored"] is not None] == [
        (2, 0)
    ]


class KilledError(BaseException):
    """Stands for a process that dies: nothing catches it."""


def test_a_run_merges_into_tables_of_the_release_before(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns are added and widened first, once; rows that were there stay as they were.

    A migration that was killed after the columns were added is finished by the next run.
    """

    def deadly(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_rewrite", deadly)
        with pytest.raises(KilledError):
            old.run()
    assert old.run()["files"]["new"] == 1
    check_migrated(old)
    log = {found.path for found in old.storage.list(f"{old.bronze}/")}
    assert old.run()["files"]["new"] == 0
    assert {found.path for found in old.storage.list(f"{old.bronze}/")} == log


def test_a_table_of_a_newer_release_is_refused(lake: Any, make_song: Any, capsys: Any) -> None:
    """The message names the table, the version found, the version known and what to do."""
    lake.run()
    care_of(lake.bronze_zone()).set_properties(f"{lake.bronze}/songs", {SCHEMA_VERSION: "99"})
    written_before(lake, INGESTED_FILES, {"ignored"}, {})
    lake.put("song-data/1.json", [make_song(1)])
    before = {found.path for found in lake.storage.list(f"{lake.bronze}/")}
    with pytest.raises(AssertionError):
        lake.run()
    message = capsys.readouterr().err
    assert f"SchemaError: The table songs ({lake.bronze}/songs) has schema version 99" in message
    assert f"knows versions up to {SONGS.schema_version}" in message
    assert "Deploy the release that wrote it" in message
    assert {found.path for found in lake.storage.list(f"{lake.bronze}/")} == before


def test_a_migration_that_would_lose_values_is_refused(lake: Any, capsys: Any) -> None:
    """A column that got narrower, or is gone, is named; the table stays."""
    lake.run()
    written_before(lake, SONGS, set(), {"year": "string"})
    with pytest.raises(AssertionError):
        lake.run()
    message = capsys.readouterr().err
    assert "SchemaError: The table songs" in message
    assert "year from string to int" in message


def test_a_batch_that_the_release_before_left_open_is_finished(
    lake: Any, make_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stage has fewer columns: null in its rows. The ledger has the contract that it had."""
    lake.put("log-data/1.json", [make_play(1), make_play(2)])
    added: dict[str, Kind] = {"userAgent": "text", "length": "decimal"}
    fields = tuple(field for field in LOG_SOURCE.fields if field.name not in added)
    former = replace(LOG_SOURCE, fields=fields, unused=(*LOG_SOURCE.unused, *added.items()))

    def deadly(*_: Any) -> None:
        raise KilledError

    with logs_by(former, 0), monkeypatch.context() as patch:
        patch.setattr(restore_point, "record", deadly)
        with pytest.raises(KilledError):
            lake.run()
    written_before(lake, SONGPLAYS, {"user_agent", "length"}, {})
    lake.put("log-data/2.json", [make_play(3)])
    report = lake.run()
    assert (report["finished_runs"], report["files"]["new"]) == (["run-1"], 1)
    plays = sorted(lake.rows(SONGPLAYS), key=lambda row: row["start_time"])
    assert [row["user_agent"] for row in plays] == [None, None, '"Mozilla/5.0"']
    assert [row["length"] for row in plays] == [None, None, 203.25]
    versions = {
        row["source_path"][-6:]: row["contract_version"] for row in lake.rows(INGESTED_FILES)
    }
    assert versions == {"1.json": 0, "2.json": CONTRACT_VERSION}
