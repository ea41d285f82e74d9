"""Run SQL in the stack's Athena workgroup, and bring back typed rows."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import RunFailedError, StoppedError, UsageError
from pipeline.wait import Clock, until_taken, wait_for

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

    from pipeline.aws import Aws

TIMEOUT = 35 * 60.0
"""Seconds; Athena itself ends a query after 30 minutes unless a quota was raised."""

INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint"})
FLOATS = frozenset({"float", "real", "double"})


@dataclass(frozen=True)
class Result:
    """What a query answered: at most as many rows as were asked for."""

    sql: str
    columns: list[str]
    rows: list[list[Any]]
    row_count: int | None
    """All rows of the result; None when there are more than were read."""
    bytes_scanned: int

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints for the query."""
        return {
            "sql": self.sql,
            "columns": self.columns,
            "rows": self.rows,
            "row_count": self.row_count,
            "truncated": self.row_count is None or self.row_count > len(self.rows),
            "bytes_scanned": self.bytes_scanned,
        }


@dataclass(frozen=True)
class NamedQuery:
    """A query that the stack keeps in its workgroup."""

    name: str
    sql: str
    database: str


def named_query(aws: Aws, workgroup: str, name: str) -> NamedQuery:
    """Find the query called `name` in the workgroup.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    queries = _named_queries(aws, workgroup)
    for query in queries:
        if query.name == name:
            return query
    known = ", ".join(sorted(query.name for query in queries)) or "none at all"
    raise UsageError(
        f"The workgroup {workgroup} has no query named {name!r}; it has {known}. Choose one of "
        "them or pass the SQL itself."
    )


def run_query(
    aws: Aws,
    workgroup: str,
    database: str,
    sql: str,
    *,
    token: str,
    clock: Clock,
    max_rows: int | None,
    count_all: bool,
    run_id: str | None = None,
) -> Result:
    """Execute `sql` and return its rows.

    Args:
        aws: the account.
        workgroup: the workgroup, which also says where results are kept.
        database: the database that unqualified table names mean.
        sql: one statement in Athena's dialect.
        token: makes the start idempotent: the same token and statement start one query.
        clock: see `pipeline.wait.Clock`.
        max_rows: rows to keep; None keeps all.
        count_all: read on beyond `max_rows`, only to count.
        run_id: the run that asks; it goes before the statement as a comment.

    Raises:
        RunFailedError: the query failed, was cancelled, or was put off for `wait.STARTING` seconds.
        StoppedError: Ctrl-C; the query goes on.
        OutOfTimeError: it was still under way after `TIMEOUT`.
    """
    statement = sql if run_id is None else f"-- run_id {' '.join(run_id.split())}\n{sql}"
    # A token has 32 to 128 characters; a repeated one must come with the same statement.
    once = hashlib.sha256(f"{token}\n{database}\n{statement}".encode()).hexdigest()
    execution_id = until_taken(
        lambda: aws.athena.start_query_execution(
            QueryString=statement,
            QueryExecutionContext={"Database": database},
            WorkGroup=workgroup,
            ClientRequestToken=once,
        ),
        what=f"the start of a query in the workgroup {workgroup}",
        clock=clock,
    )["QueryExecutionId"]

    def look() -> QueryExecutionTypeDef | None:
        execution = aws.athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        over = execution["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}
        return execution if over else None

    try:
        execution = wait_for(
            look, what=f"Athena query {execution_id}", timeout=TIMEOUT, clock=clock
        )
    except KeyboardInterrupt as error:
        raise StoppedError(
            f"Stopped waiting. Athena query {execution_id} goes on; stop it with `aws athena "
            f"stop-query-execution --query-execution-id {execution_id}`."
        ) from error
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        reason = status.get("StateChangeReason") or status.get("AthenaError", {}).get(
            "ErrorMessage", "Athena gave no reason"
        )
        raise RunFailedError(
            f"Athena query {execution_id} in the workgroup {workgroup} ended as "
            f"{status['State']}: {reason}"
        )
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    select = execution.get("StatementType", "DML") == "DML"
    return _results(
        aws, execution_id, sql, scanned, skip_header=select, max_rows=max_rows, count_all=count_all
    )


def _named_queries(aws: Aws, workgroup: str) -> list[NamedQuery]:
    queries: list[NamedQuery] = []
    pages = aws.athena.get_paginator("list_named_queries").paginate(WorkGroup=workgroup)
    for page in pages:
        # A page holds 50 ids at most, which is also what one BatchGetNamedQuery takes.
        if ids := page.get("NamedQueryIds", []):
            found = aws.athena.batch_get_named_query(NamedQueryIds=ids).get("NamedQueries", [])
            queries += [
                NamedQuery(query["Name"], query["QueryString"], query["Database"])
                for query in found
            ]
    return queries


def _results(
    aws: Aws,
    execution_id: str,
    sql: str,
    scanned: int,
    *,
    skip_header: bool,
    max_rows: int | None,
    count_all: bool,
) -> Result:
    columns: list[Any] = []
    rows: list[list[Any]] = []
    count: int | None = 0
    pages = aws.athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id)
    for number, page in enumerate(pages):
        result = page["ResultSet"]
        if number == 0:
            columns = list(result.get("ResultSetMetadata", {}).get("ColumnInfo", []))
        found = result.get("Rows", [])[1 if skip_header and number == 0 else 0 :]
        kept = found if max_rows is None else found[: max(max_rows - len(rows), 0)]
        rows += [_row(row, columns) for row in kept]
        count = (count or 0) + len(found)
        more = len(kept) < len(found) or (
            max_rows is not None and len(rows) >= max_rows and "NextToken" in page
        )
        if more and not count_all:
            count = None
            break
    return Result(sql, [column["Name"] for column in columns], rows, count, scanned)


def _row(row: Any, columns: list[Any]) -> list[Any]:
    return [
        _value(cell.get("VarCharValue"), column["Type"])
        for cell, column in zip(row["Data"], columns, strict=True)
    ]


def _value(text: str | None, type_name: str) -> Any:
    """Give a number for a number; JSON has no NaN or infinity, so those stay text."""
    if text is None:
        return None
    if type_name in INTEGERS:
        return int(text)
    if type_name in FLOATS:
        number = float(text)
        return number if math.isfinite(number) else text
    if type_name == "boolean":
        return text == "true"
    return text
