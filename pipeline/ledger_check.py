"""Checks by a query that what a run reported is what the tables hold.

One statement in the stack's own workgroup counts every table as its users see it, and reads the
ledger's rows of the run. So a table that the catalog shows stale, a commit that went missing and a
report that claims more than was written all fail the run that brought them about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.errors import RunFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.tables import TableState

_BATCH = re.compile(r"[A-Za-z0-9_.-]+")
RECORDS = {
    "read": "records_read",
    "good": "kept",
    "ignored": "ignored",
    "quarantined": "quarantined",
    "duplicates": "duplicates",
}
"""A count of the job's report, and the column of the ledger that adds up to it."""

Counts = dict[tuple[str, str], int]
"""What was counted -> how much, as in ("rows", "songs") -> 71."""


def statement(tables: Iterable[str], batches: Sequence[str]) -> str:
    """Write the SQL (Athena's) that counts `tables` and the ledger's rows of `batches`.

    Raises:
        RunFailedError: the name of a batch is none.
    """
    if wrong := [batch for batch in batches if not _BATCH.fullmatch(batch)]:
        raise RunFailedError(f"The job's report names a batch {wrong[0]!r}, which is none.")
    parts = [f"SELECT 'rows' AS what, '{t}' AS name, count(*) AS n FROM \"{t}\"" for t in tables]
    balance = " + ".join(RECORDS[kind] for kind in RECORDS if kind != "read")
    parts.append(
        "SELECT 'files', 'unbalanced', count(*) FROM ingested_files "
        f"WHERE records_read <> {balance}"
    )
    if batches:
        ours = f"f.batch IN ({', '.join(repr(batch) for batch in batches)})"
        parts.append(
            f"SELECT 'files', f.status, count(*) FROM ingested_files f WHERE {ours} "
            "GROUP BY f.status"
        )
        parts += [
            f"SELECT 'records', '{kind}', coalesce(sum(f.{column}), 0) "
            f"FROM ingested_files f WHERE {ours} AND f.status = 'ingested'"
            for kind, column in RECORDS.items()
        ]
        parts.append(
            "SELECT 'quarantine', 'ledger', coalesce(sum(f.quarantined), 0) "
            f"FROM ingested_files f WHERE {ours} AND f.status = 'ingested'"
        )
        parts.append(
            "SELECT 'quarantine', 'table', coalesce(sum(q.occurrences), 0) "
            "FROM quarantined_records q JOIN ingested_files f "
            "ON q.source_path = f.source_path AND q.source_etag = f.source_etag "
            f"AND q.source_modified = f.source_modified WHERE {ours} AND f.status = 'ingested'"
        )
    return "\nUNION ALL ".join(parts)


def counts(rows: Iterable[Sequence[Any]]) -> Counts:
    """Gather the rows of the statement's result."""
    return {(str(what), str(name)): int(n) for what, name, n in rows}


def differences(
    counted: Counts, tables: Mapping[str, TableState], report: Mapping[str, Any]
) -> list[str]:
    """Say, a sentence each, where the tables, the ledger and the job's report disagree."""
    due = [("rows", name) for name in tables] + [("files", "unbalanced")]
    if report.get("batches"):
        due += [("records", kind) for kind in RECORDS]
        due += [("quarantine", "table"), ("quarantine", "ledger")]
    if missing := [" ".join(what) for what in due if what not in counted]:
        # Nothing counted is another thing than a count of nothing.
        return [f"the query that counts everything answered nothing about {', '.join(missing)}"]
    problems = [
        f"{name} has {state.rows:,} rows by its Delta log and {n:,} by the query"
        for name, state in tables.items()
        if (n := counted[("rows", name)]) != state.rows
    ]
    if unbalanced := counted[("files", "unbalanced")]:
        problems.append(f"the accounts of {unbalanced:,} files in the ledger do not balance")
    if not report.get("batches"):
        return problems
    for status in ("ingested", "failed", "held"):
        told, n = report["files"].get(status, 0), counted.get(("files", status), 0)
        if told != n:
            problems.append(f"the job reported {told:,} files {status}, its ledger has {n:,}")
    for kind in RECORDS:
        told, n = report["records"][kind], counted[("records", kind)]
        if told != n:
            problems.append(f"the job reported {told:,} records {kind}, its ledger has {n:,}")
    kept, owed = counted[("quarantine", "table")], counted[("quarantine", "ledger")]
    # What the run took from the quarantine's text, it could not bring back what is not there.
    owed -= report.get("from_quarantine", {}).get("removed", 0)
    if kept != owed:
        problems.append(f"the quarantine holds {kept:,} records of the run, the ledger {owed:,}")
    return problems
