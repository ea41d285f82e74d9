"""The checks after a crawl: every disagreement of catalog, tables, ledger and report is told."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipeline import catalog_check, ledger_check
from pipeline.errors import RunFailedError
from pipeline.tables import TableState

SONGS = TableState(3, 1, 4, "s3://b/songs/", {"song_id": "string", "year": "int"})
REPORT: dict[str, Any] = {
    "batches": ["r.1"],
    "files": {"ingested": 1, "failed": 1},
    "records": {"read": 5, "good": 1, "ignored": 1, "quarantined": 2, "duplicates": 1},
}


@pytest.mark.parametrize(
    ("delta", "catalog"),
    [
        ("long", "bigint"),
        ("integer", "int"),
        ("double", "double"),
        ("timestamp", "timestamp"),
        ({"type": "array", "elementType": "long"}, "array<bigint>"),
    ],
)
def test_types_are_named_as_the_catalog_does(delta: Any, catalog: str) -> None:
    """Types of the Delta protocol, in Hive's words."""
    assert catalog_check.catalog_type(delta) == catalog


class FakeAws:
    """A catalog with the tables given."""

    def __init__(self, *tables: dict[str, Any]) -> None:
        self.glue = self
        self.tables = tables

    def get_paginator(self, _name: str) -> FakeAws:
        """Stand for the paginator too."""
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        """One page a table."""
        return [{"TableList": [table]} for table in self.tables]


def described(location: str = "s3://b/songs", **columns: str) -> dict[str, Any]:
    """A table as GetTables shows it, partitioned by its last column."""
    shown = [{"Name": name, "Type": kind} for name, kind in columns.items()]
    return {
        "Name": "songs",
        "StorageDescriptor": {"Location": location, "Columns": shown[:-1]},
        "PartitionKeys": shown[-1:],
    }


@pytest.mark.parametrize(
    ("tables", "problems"),
    [
        ([described(song_id="string", year="int")], []),
        ([], ["the table songs is not in the catalog"]),
        (
            [described(song_id="string", year="bigint", extra="int")],
            [
                "songs.extra is absent in the Delta log and int in the catalog",
                "songs.year is int in the Delta log and bigint in the catalog",
            ],
        ),
        (
            [described("s3://b/old/", song_id="string")],
            [
                "songs lies at s3://b/songs/, the catalog says s3://b/old/",
                "songs.year is int in the Delta log and absent in the catalog",
            ],
        ),
    ],
)
def test_the_catalog_is_compared_column_by_column(
    tables: list[dict[str, Any]], problems: list[str]
) -> None:
    """Missing tables, missing and surplus columns, other types, another place."""
    aws: Any = FakeAws(*tables)
    assert catalog_check.differences(aws, "db", {"songs": SONGS}) == problems


@pytest.fixture
def lake() -> Any:
    """Three tables of a database that understands the same SQL, all in agreement with REPORT."""
    with duckdb.connect() as database:
        database.execute(
            """
            CREATE TABLE songs AS SELECT * FROM range(3);
            CREATE TABLE ingested_files (source_path TEXT, source_etag TEXT, source_modified INT,
                status TEXT, records_read INT, kept INT, ignored INT, quarantined INT,
                duplicates INT, batch TEXT);
            INSERT INTO ingested_files VALUES ('a', 'e', 1, 'ingested', 5, 1, 1, 2, 1, 'r.1'),
                ('b', 'e', 1, 'failed', 0, 0, 0, 0, 0, 'r.1'),
                ('c', 'e', 1, 'ingested', 9, 9, 0, 0, 0, 'earlier.1');
            CREATE TABLE quarantined_records AS
                SELECT 'a' source_path, 'e' source_etag, 1 source_modified, 2 occurrences
            """
        )
        yield database


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("SELECT 1", None),
        (
            "DELETE FROM songs WHERE range = 1",
            "songs has 3 rows by its Delta log and 2 by the query",
        ),
        (
            "UPDATE ingested_files SET kept = 8 WHERE source_path = 'c'",
            "of 1 files in the ledger do",
        ),
        (
            "DELETE FROM ingested_files WHERE source_path = 'b'",
            "reported 1 files failed, its ledger",
        ),
        ("UPDATE ingested_files SET status = 'held' WHERE source_path = 'b'", "0 files held"),
        (
            "UPDATE ingested_files SET ignored = 0, kept = 2 WHERE source_path = 'a'",
            "1 records ign",
        ),
        (
            "DELETE FROM quarantined_records",
            "the quarantine holds 0 records of the run, the ledger 2",
        ),
    ],
)
def test_the_ledger_is_compared_with_the_report(
    lake: Any, change: str, problem: str | None
) -> None:
    """A row too few, accounts that do not balance, a status that changed, a lost bad record."""
    lake.execute(change)
    rows = lake.execute(ledger_check.statement(["songs"], REPORT["batches"])).fetchall()
    found = ledger_check.differences(ledger_check.counts(rows), {"songs": SONGS}, REPORT)
    assert bool(found) == (problem is not None)
    assert problem is None or any(problem in text for text in found), found


def test_what_the_quarantine_had_lost_before_the_run_is_not_owed(lake: Any) -> None:
    """The job counts it, so that a run which takes the rest from there does not fail for it."""
    lake.execute("UPDATE quarantined_records SET occurrences = 1")
    rows = lake.execute(ledger_check.statement(["songs"], REPORT["batches"])).fetchall()
    counts = ledger_check.counts(rows)
    for removed, problems in ((1, 0), (0, 1), (2, 1)):
        report = REPORT | {"from_quarantine": {"versions": 1, "taken": 3, "removed": removed}}
        assert len(ledger_check.differences(counts, {"songs": SONGS}, report)) == problems


def test_without_a_batch_only_the_tables_are_counted(lake: Any) -> None:
    """A run that found nothing new has nothing in the ledger to compare with."""
    rows = lake.execute(ledger_check.statement(["songs"], [])).fetchall()
    assert ledger_check.counts(rows) == {("rows", "songs"): 3, ("files", "unbalanced"): 0}
    assert not ledger_check.differences(ledger_check.counts(rows), {"songs": SONGS}, {})


@pytest.mark.parametrize("batches", [[], ["r.1"]])
def test_an_answer_without_rows_is_no_count_of_zero(batches: list[str]) -> None:
    """A query that succeeded and returned nothing has counted nothing."""
    report = {**REPORT, "batches": batches}
    found = ledger_check.differences({}, {"songs": SONGS}, report)
    assert len(found) == 1
    assert "answered nothing about rows songs, files unbalanced" in found[0]


def test_a_batch_name_that_is_none_is_refused() -> None:
    """The report comes from a bucket: what it names does not become SQL."""
    with pytest.raises(RunFailedError, match="names a batch"):
        ledger_check.statement(["songs"], ["r.1') OR ('1'='1"])
