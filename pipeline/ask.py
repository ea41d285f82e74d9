"""One query for `lakehouse query`: SQL of the user's, or a query that the stack keeps."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pipeline import local
from pipeline.athena import Result, named_query, run_query
from pipeline.target import stack_on_aws
from pipeline.wait import SystemClock

if TYPE_CHECKING:
    from pipeline.request import Choice


def ask(choice: Choice, *, sql: str | None, name: str | None, max_rows: int | None) -> Result:
    """Run the `sql`, or the named query `name`, and return at most `max_rows` rows (None: all).

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    with ExitStack() as open_things:
        if choice.stack is not None:
            target = stack_on_aws(choice.stack, choice.region)
        else:
            state = local.require_state(choice.state)
            target = local.opened(open_things.enter_context(local.server(state)))
        workgroup = target.outputs.workgroup_name
        database = target.outputs.database_name
        if sql is None:
            query = named_query(target.aws, workgroup, name or "")
            sql, database = query.sql, query.database
        return run_query(
            target.aws,
            workgroup,
            database,
            sql,
            token=secrets.token_hex(16),
            clock=SystemClock(),
            max_rows=max_rows,
            count_all=False,
        )
