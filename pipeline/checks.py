"""The stage that does not take a successful job's word for it: catalog, tables and ledger agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import catalog_check, ledger_check
from pipeline.athena import run_query
from pipeline.errors import RunFailedError
from pipeline.tables import TableState, read_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.target import Target
    from pipeline.wait import Clock

LOOKS = 3
"""Times that tables are compared before a difference counts: another run may be writing them."""


@dataclass(frozen=True)
class Checked:
    """The tables as they were when everything agreed, and the bytes that the query scanned."""

    tables: dict[str, TableState]
    bytes_scanned: int


def check(target: Target, attempt: str, report: Mapping[str, Any], clock: Clock) -> Checked:
    """Compare the tables with the catalog, with a query, and with the job's `report`.

    `attempt` is unlike that of any other call, also when two of them look at the same run: Athena
    would answer the second with the first one's result.

    Raises:
        RunFailedError: something does not agree; the message lists all of it.
    """
    outputs = target.outputs
    sql = ledger_check.statement(outputs.tables, report.get("batches", []))
    tables = read_tables(target.aws, outputs.tables)
    for look in range(LOOKS):
        problems = catalog_check.differences(target.aws, outputs.database_name, tables)
        if not problems:
            result = run_query(
                target.aws,
                outputs.workgroup_name,
                outputs.database_name,
                sql,
                token=f"{attempt}-checks-{look}",
                clock=clock,
                max_rows=None,
                count_all=True,
                run_id=report.get("run_id"),
            )
            problems = ledger_check.differences(ledger_check.counts(result.rows), tables, report)
            if not problems:
                return Checked(tables, result.bytes_scanned)
        before, tables = tables, read_tables(target.aws, outputs.tables)
        if tables == before:
            break
    raise RunFailedError(
        "The job and the crawler succeeded, but what they left does not agree:\n"
        + "\n".join(f"  {problem}" for problem in problems)
        + "\nRun again: that crawls anew. If it stays so, compare the tables with the job's log "
        "before trusting them, and report it."
    )
