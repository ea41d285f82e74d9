"""Athena over the tables that the job wrote and the crawler registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.athena import Result, named_query, run_query
from pipeline.errors import RunFailedError
from pipeline.request import new_run_id
from smoke.check import WrongError, check

if TYPE_CHECKING:
    from smoke.subject import Subject


def _asked(subject: Subject, sql: str) -> Result:
    try:
        return run_query(
            subject.caller,
            subject.outputs["workgroup_name"],
            subject.outputs["database_name"],
            sql,
            token=new_run_id(),
            clock=subject.clock,
            max_rows=100,
            count_all=True,
        )
    except RunFailedError as error:
        raise WrongError(f"{sql!r} failed: {error}") from error


@check
def delta_tables(subject: Subject) -> str:
    """Athena reads the native Delta tables as they are."""
    tables = subject.need_run()["tables"]
    for name, state in tables.items():
        (counted,) = _asked(subject, f'SELECT count(*) FROM "{name}"').rows[0]  # noqa: S608
        if counted != state["rows"]:
            raise WrongError(f"Athena counts {counted} rows of {name}, its log {state['rows']}")
    return f"{len(tables)} tables have as many rows for Athena as in their logs"


@check
def saved_queries(subject: Subject) -> str:
    """Athena's SQL."""
    subject.need_run()
    from lakehouse.query import SAVED_QUERIES  # noqa: PLC0415 - it imports all of Pulumi

    for saved in SAVED_QUERIES:
        kept = named_query(subject.caller, subject.outputs["workgroup_name"], saved.name)
        _asked(subject, kept.sql)
    return f"{len(SAVED_QUERIES)} saved queries answered"


CHECKS = (delta_tables, saved_queries)
