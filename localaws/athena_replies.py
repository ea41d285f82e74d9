"""What Athena's actions reply about query executions, and how they refuse."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError

from localaws.athena_execution import QueryExecution
from localaws.objects import MissingObjectError, read_object
from localaws.services import ACCOUNT

if TYPE_CHECKING:
    from moto.athena.models import AthenaBackend

_PAGE: Final = 1000


class InvalidRequestError(JsonRESTError):
    """Athena's InvalidRequestException."""

    code = 400

    def __init__(self, message: str, error_code: str = "INVALID_INPUT") -> None:
        super().__init__("InvalidRequestException", message)
        self.description = json.dumps(
            {
                "__type": "InvalidRequestException",
                "AthenaErrorCode": error_code,
                "Message": message,
                "message": message,
            }
        )


def result_configuration(request: dict[str, Any], workgroup: Any) -> dict[str, Any]:
    """Return where and how results are kept; an enforced workgroup's settings win.

    Raises InvalidRequestError when nobody says where.
    """
    own: dict[str, Any] = workgroup.configuration.get("ResultConfiguration") or {}
    given: dict[str, Any] = request.get("ResultConfiguration") or {}
    enforced = workgroup.configuration.get("EnforceWorkGroupConfiguration", True)
    chosen = own if enforced else own | given
    if not chosen.get("OutputLocation"):
        raise InvalidRequestError(
            "No output location provided. An output location is required either through the "
            "Workgroup result configuration setting or as an API input."
        )
    return dict(chosen)


@lru_cache(maxsize=2)
def _rows(content: bytes, *, header: bool) -> tuple[dict[str, Any], ...]:
    """Return the rows of a result object, kept for the next page."""
    from localaws.athena_results import read_csv, result_row  # noqa: PLC0415

    text = content.decode()
    if header:
        return tuple(result_row(cells) for cells in read_csv(text))
    return tuple(result_row([line]) for line in text.splitlines())


def results_page(backend: AthenaBackend, request: dict[str, Any]) -> dict[str, Any]:
    """Return a page of GetQueryResults. Raises InvalidRequestError."""
    execution = find_execution(backend, request["QueryExecutionId"])
    if execution.state != "SUCCEEDED":
        waiting = "Query has not yet finished. Current state: "
        ended = "Query did not finish successfully. Final query state: "
        raise InvalidRequestError((ended if execution.ended else waiting) + execution.state)
    url = execution.config["OutputLocation"]
    try:
        content = read_object(url, account=ACCOUNT, region=backend.region_name)
    except MissingObjectError:
        raise InvalidRequestError(f"Could not find results: {url} was removed") from None
    rows = _rows(content, header=execution.has_header)
    size = min(int(request.get("MaxResults") or _PAGE), _PAGE)
    token = str(request.get("NextToken") or "0")
    if not token.isdecimal():
        raise InvalidRequestError(f"Invalid NextToken: {token}")
    start = int(token)
    page: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": list(rows[start : start + size]),
            "ResultSetMetadata": {"ColumnInfo": execution.columns},
        },
    }
    if start + size < len(rows):
        page["NextToken"] = str(start + size)
    return page


def find_execution(backend: AthenaBackend, query_id: str) -> QueryExecution:
    """Return an execution. Raises InvalidRequestError for an id that was never given out."""
    execution = backend.executions.get(query_id)
    if not isinstance(execution, QueryExecution):
        raise InvalidRequestError(f"QueryExecution {query_id} was not found")
    return execution


def executions_page(backend: AthenaBackend, request: dict[str, Any]) -> dict[str, Any]:
    """Return a page of ListQueryExecutions, the newest first."""
    name = request.get("WorkGroup") or "primary"
    ids = [
        execution.id
        for execution in reversed(backend.executions.values())
        if execution.workgroup is not None and execution.workgroup.name == name
    ]
    token = request.get("NextToken")
    start = ids.index(token) if token in ids else 0
    end = start + int(request.get("MaxResults") or 50)
    page: dict[str, Any] = {"QueryExecutionIds": ids[start:end]}
    return page | ({"NextToken": ids[end]} if end < len(ids) else {})


def batch_reply(backend: AthenaBackend, ids: list[str]) -> dict[str, Any]:
    """Return the reply of BatchGetQueryExecution."""
    found = [backend.executions[query_id] for query_id in ids if query_id in backend.executions]
    missing = [query_id for query_id in ids if query_id not in backend.executions]
    return {
        "QueryExecutions": [item.describe() for item in found if isinstance(item, QueryExecution)],
        "UnprocessedQueryExecutionIds": [
            {
                "QueryExecutionId": query_id,
                "ErrorCode": "INVALID_INPUT",
                "ErrorMessage": f"QueryExecution {query_id} was not found",
            }
            for query_id in missing
        ],
    }
