"""Athena queries that really run: StartQueryExecution and what the other actions tell of it."""

from __future__ import annotations

import importlib
import json
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from moto.athena.models import AthenaBackend
from moto.athena.responses import AthenaResponse

from localaws.athena_execution import TERMINAL, QueryExecution
from localaws.athena_replies import (
    InvalidRequestError,
    batch_reply,
    executions_page,
    find_execution,
    result_configuration,
    results_page,
)
from localaws.errors import LocalawsError
from localaws.objects import write_object
from localaws.patching import replace
from localaws.services import ACCOUNT

if TYPE_CHECKING:
    from localaws.athena_engine import Session
    from localaws.services import Services

log = logging.getLogger(__name__)

_STOPPED_MEANWHILE: Final = "localaws stopped while this query was under way: run it again"
_AT_A_TIME: Final = 4
"""Queries that run at the same time; others are QUEUED."""


def settle(backend: AthenaBackend) -> None:
    """Mark queries that were under way when localaws ended as failed."""
    for execution in backend.executions.values():
        if isinstance(execution, QueryExecution):
            execution.enter("FAILED", _STOPPED_MEANWHILE)


def load_engine() -> None:
    """Import what queries need, about a second's worth, so that the first need not wait for it."""
    importlib.import_module("pyarrow.dataset")
    athena_sql = importlib.import_module("localaws.athena_sql")
    translation = importlib.import_module("localaws.athena_translation")
    importlib.import_module("localaws.athena_engine")
    translation.to_duckdb(athena_sql.parse("SELECT 1"))  # sqlglot loads each dialect at first use


def load_in_background() -> None:
    """Load the engine while the server goes on answering."""
    threading.Thread(target=load_engine, daemon=True).start()


class Queries:
    """Runs queries in threads, a few at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._slots = threading.BoundedSemaphore(_AT_A_TIME)
        self._under_way: dict[str, tuple[QueryExecution, Session]] = {}

    def start(self, execution: QueryExecution, region: str, limit: int | None) -> None:
        """Run the query in the background; `limit` is in bytes scanned."""
        from localaws.athena_engine import Session  # noqa: PLC0415 - see load_engine
        from localaws.athena_scan import Meter  # noqa: PLC0415

        session = Session(
            account=ACCOUNT,
            region=region,
            database=str(execution.request_context.get("Database") or "").lower(),
            environment=self._services.environment() | {"AWS_REGION": region},
            meter=Meter(limit),
        )
        self._under_way[execution.id] = (execution, session)
        threading.Thread(target=self._carry_out, args=(execution, session), daemon=True).start()

    def stop(self, execution: QueryExecution) -> None:
        """Cancel the query."""
        with self._services.changing("athena"):
            execution.enter("CANCELLED", "Query cancelled by user")
        if execution.id in self._under_way:
            self._under_way[execution.id][1].cancel()

    def close(self) -> None:
        """Cancel what runs and mark it as failed."""
        with self._services.changing("athena"):
            for execution, _ in self._under_way.values():
                execution.enter("FAILED", _STOPPED_MEANWHILE)
        for _, session in list(self._under_way.values()):
            session.cancel()

    def _carry_out(self, execution: QueryExecution, session: Session) -> None:
        with self._slots:
            with self._services.changing("athena"):
                execution.enter("RUNNING")
            state, reason = "SUCCEEDED", None
            try:
                if execution.state == "RUNNING":
                    self._answer(execution, session)
            except LocalawsError as problem:
                state, reason = "FAILED", str(problem)
            except Exception as problem:  # a query must end, whatever happens
                log.exception("query %s failed", execution.id)
                state, reason = "FAILED", f"localaws failed at this query: {problem!r}"
            if session.meter.exceeded:
                state, reason = "CANCELLED", "Bytes scanned limit was exceeded"
            with self._services.changing("athena"):
                execution.scanned = session.meter.count
                execution.enter(state, reason)
                self._under_way.pop(execution.id, None)

    def _answer(self, execution: QueryExecution, session: Session) -> None:
        """Run the statement and store its result, unless it was cancelled meanwhile."""
        from localaws.athena_show import Catalog, is_about_catalog  # noqa: PLC0415

        place = {"account": session.account, "region": session.region}
        if is_about_catalog(execution.query):
            catalog = Catalog(database=session.database or "default", **place)
            execution.columns, lines = catalog.answer(execution.query)
            content = "".join(f"{line}\n" for line in lines)
        else:
            execution.columns, content = session.run(execution.query)
        if execution.state == "RUNNING":
            url = execution.config["OutputLocation"]
            write_object(self._services, url, content.encode(), **place)


def _start(queries: Queries, backend: AthenaBackend, request: dict[str, Any]) -> str:
    """Return the id of a new execution, or of the one that the same token started before."""
    from localaws import athena_show, athena_sql  # noqa: PLC0415 - see load_engine

    token = request.get("ClientRequestToken")
    for known in backend.executions.values():
        if token and isinstance(known, QueryExecution):
            if known.request == request:
                return known.id
            if known.request.get("ClientRequestToken") == token:
                raise InvalidRequestError("Idempotent parameters do not match")
    name = request.get("WorkGroup") or "primary"
    workgroup = backend.work_groups.get(name)
    if workgroup is None:
        raise InvalidRequestError(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
    if workgroup.state != "ENABLED":
        raise InvalidRequestError(f"WorkGroup {name} is disabled.")
    if request.get("ExecutionParameters"):
        raise InvalidRequestError("localaws does not support ExecutionParameters")
    result = result_configuration(request, workgroup)
    if not athena_show.is_about_catalog(request["QueryString"]):
        try:
            athena_sql.parse(request["QueryString"])
        except athena_sql.MalformedQueryError as error:
            raise InvalidRequestError(str(error), "MALFORMED_QUERY") from None
        except athena_sql.QueryError:
            pass  # SQL it is: the execution tells what is wrong with it
    execution = QueryExecution(request, workgroup, result)
    backend.executions[execution.id] = execution
    limit = workgroup.configuration.get("BytesScannedCutoffPerQuery")
    queries.start(execution, backend.region_name, limit)
    return execution.id


def install(services: Services) -> None:
    """Make the queries of moto's Athena really run."""
    queries = Queries(services)

    services.on_shutdown(queries.close)

    def restored(backend: AthenaBackend) -> None:
        settle(backend)
        if len(backend.work_groups) > 1:
            load_in_background()

    services.on_restore("athena", restored)
    create_work_group = AthenaBackend.create_work_group

    def create_and_load(self: AthenaBackend, name: str, *args: Any, **kwargs: Any) -> Any:
        if name != "primary":  # which every backend has from the start
            load_in_background()
        return create_work_group(self, name, *args, **kwargs)

    def start_query_execution(self: AthenaResponse) -> str:
        request = json.loads(self.body)
        return json.dumps({"QueryExecutionId": _start(queries, self.athena_backend, request)})

    def get_query_execution(self: AthenaResponse) -> str:
        execution = find_execution(self.athena_backend, self._get_param("QueryExecutionId"))
        return json.dumps({"QueryExecution": execution.describe()})

    def batch_get_query_execution(self: AthenaResponse) -> str:
        return json.dumps(batch_reply(self.athena_backend, self._get_param("QueryExecutionIds")))

    def list_query_executions(self: AthenaResponse) -> str:
        return json.dumps(executions_page(self.athena_backend, json.loads(self.body)))

    def get_query_results(self: AthenaResponse) -> str:
        return json.dumps(results_page(self.athena_backend, json.loads(self.body)))

    def stop_query_execution(self: AthenaResponse) -> str:
        execution = find_execution(self.athena_backend, self._get_param("QueryExecutionId"))
        if execution.state not in TERMINAL:
            queries.stop(execution)
        return "{}"

    replace(AthenaBackend, create_work_group=create_and_load)
    replace(
        AthenaResponse,
        start_query_execution=start_query_execution,
        get_query_execution=get_query_execution,
        batch_get_query_execution=batch_get_query_execution,
        list_query_executions=list_query_executions,
        get_query_results=get_query_results,
        stop_query_execution=stop_query_execution,
    )
