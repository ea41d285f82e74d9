"""One query execution as Athena's API shows it; plain data, saved with the backend."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from moto.athena.models import Execution

if TYPE_CHECKING:
    from moto.athena.models import WorkGroup

TERMINAL: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_ENGINE: Final = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
_KINDS: Final = {"SHOW": "UTILITY", "DESC": "UTILITY", "DESCRIBE": "UTILITY", "EXPLAIN": "UTILITY"}
_DDL: Final = re.compile("ALTER|CREATE|DROP|MSCK")


class QueryExecution(Execution):
    """An execution whose state is what really happens, not moto's timetable."""

    def __init__(
        self, request: dict[str, Any], workgroup: WorkGroup, result: dict[str, Any]
    ) -> None:
        self.request_context: dict[str, Any] = request.get("QueryExecutionContext") or {}
        super().__init__(
            query=request["QueryString"],
            context="",  # moto's word for it is of another type than what it holds
            config={},
            workgroup=workgroup,
            execution_parameters=None,
        )
        self.id = str(uuid.uuid4())  # moto's may be seeded, and repeat after a restart
        self.request = request
        self.state = "QUEUED"
        self.reason: str | None = None
        self.running_since: float | None = None
        self.ended: float | None = None
        self.scanned = 0
        self.columns: list[dict[str, Any]] = []
        word = (re.match(r"[\s(]*(\w*)", self.query) or [""] * 2)[1].upper()
        self.statement_type = "DDL" if _DDL.fullmatch(word) else _KINDS.get(word, "DML")
        self.has_header = self.statement_type == "DML"
        ending = "csv" if self.has_header else "txt"
        folder = result["OutputLocation"].rstrip("/")
        self.config = result | {"OutputLocation": f"{folder}/{self.id}.{ending}"}

    @property
    def status(self) -> str:
        """The state, under the name by which moto asks for it."""
        return self.state

    @status.setter
    def status(self, value: str) -> None:
        self.enter(value)

    def advance(self) -> None:
        """Do nothing: looking at an execution does not move it on."""

    def enter(self, state: str, reason: str | None = None) -> None:
        """Move on to `state`; what has ended stays as it is."""
        if self.state in TERMINAL:
            return
        self.state = state
        if state == "RUNNING":
            self.running_since = time.time()
        if state in TERMINAL:
            self.ended, self.reason = time.time(), reason

    def describe(self) -> dict[str, Any]:
        """Return the QueryExecution structure of the API."""
        now = self.ended or time.time()
        started = self.running_since or now
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.start_time}
        if self.ended:
            status["CompletionDateTime"] = self.ended
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": 2,  # the user's doing
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        return {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self.statement_type,
            "ResultConfiguration": self.config,
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.request_context,
            "Status": status,
            "Statistics": {
                "EngineExecutionTimeInMillis": _millis(now - started),
                "DataScannedInBytes": self.scanned,
                "TotalExecutionTimeInMillis": _millis(now - self.start_time),
                "QueryQueueTimeInMillis": _millis(started - self.start_time),
                "ResultReuseInformation": {"ReusedPreviousResult": False},
            },
            "WorkGroup": self.workgroup.name if self.workgroup else "primary",
            "EngineVersion": _ENGINE,
            "SubstatementType": "SELECT" if self.has_header else self.statement_type,
        }


def _millis(seconds: float) -> int:
    return max(0, round(seconds * 1000))
