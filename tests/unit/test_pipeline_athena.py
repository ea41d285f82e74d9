"""The query stage: named queries, every end, typed rows, and how many there are."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import athena
from pipeline.errors import RunFailedError, StoppedError, UsageError

COLUMNS = [("name", "varchar"), ("n", "bigint"), ("share", "double"), ("paid", "boolean")]


class FakeAthena:
    """Athena with one query, whose pages hold two rows each."""

    def __init__(self) -> None:
        self.states = ["QUEUED", "RUNNING", "QUEUED", "RUNNING", "SUCCEEDED"]
        self.status: dict[str, Any] = {}
        self.rows: list[list[str | None]] = []
        self.statement_type = "DML"
        self.calls: list[dict[str, Any]] = []
        self.refusals: list[Exception] = []
        self.pages_read = 0

    def start_query_execution(self, **call: Any) -> dict[str, str]:
        """Note the call, and refuse it as often as it is to be."""
        self.calls.append(call)
        if self.refusals:
            raise self.refusals.pop()
        return {"QueryExecutionId": "q-1"}

    def get_query_execution(self, **_: Any) -> dict[str, Any]:
        """Move on by one state with each look."""
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "QueryExecution": {
                "Status": {"State": state, **self.status},
                "Statistics": {"DataScannedInBytes": 77},
                "StatementType": self.statement_type,
            }
        }

    def get_paginator(self, name: str) -> Any:
        """Page through what the operation answers."""
        pages = {"get_query_results": self._results, "list_named_queries": self._named}[name]

        class Paginator:
            def paginate(self, **_: Any) -> Any:
                return pages()

        return Paginator()

    def batch_get_named_query(self, **call: Any) -> dict[str, Any]:
        """Answer at most 50, as Athena does."""
        ids = call["NamedQueryIds"]
        assert len(ids) <= 50
        return {
            "NamedQueries": [
                {"Name": f"query-{i}", "QueryString": f"SELECT {i}", "Database": "db"} for i in ids
            ]
        }

    def _named(self) -> Any:
        for first in range(0, 120, 50):
            yield {"NamedQueryIds": [str(i) for i in range(first, min(first + 50, 120))]}

    def _results(self) -> Any:
        header = [[name for name, _ in COLUMNS]] if self.statement_type == "DML" else []
        rows = header + self.rows
        info = [{"Name": name, "Type": kind} for name, kind in COLUMNS]
        for first in range(0, len(rows), 2):
            self.pages_read += 1
            cells = [
                {"Data": [{} if text is None else {"VarCharValue": text} for text in row]}
                for row in rows[first : first + 2]
            ]
            more = {"NextToken": "t"} if first + 2 < len(rows) else {}
            metadata = {"ColumnInfo": info}
            yield {"ResultSet": {"Rows": cells, "ResultSetMetadata": metadata}, **more}


class FakeAws:
    """What the query stage uses of `pipeline.aws.Aws`."""

    def __init__(self) -> None:
        self.athena = FakeAthena()


@pytest.fixture
def aws() -> Any:
    """One account for one test."""
    return FakeAws()


@pytest.fixture
def query(aws: Any, clock: Any) -> Any:
    """Run a query as the pipeline does."""

    def run(
        max_rows: int | None = None, *, count_all: bool = True, run_id: str | None = None
    ) -> athena.Result:
        return athena.run_query(
            aws,
            "group",
            "db",
            "SELECT 1",
            token="run-1",
            clock=clock,
            max_rows=max_rows,
            count_all=count_all,
            run_id=run_id,
        )

    return run


def test_a_start_that_is_put_off_is_made_again_with_the_same_token(
    aws: Any, query: Any, clock: Any, client_error: Any
) -> None:
    """More often than boto3 itself does: many share the queue of an account."""
    aws.athena.refusals = [client_error("TooManyRequestsException")] * 8
    assert query().bytes_scanned == 77
    assert len(aws.athena.calls) == 9
    assert len({call["ClientRequestToken"] for call in aws.athena.calls}) == 1
    assert len([pause for pause in clock.sleeps if pause >= 0.5]) >= 8


def test_a_statement_says_which_run_it_belongs_to(aws: Any, query: Any) -> None:
    """In Athena's history it has the run id; what people read is the statement as it is."""
    assert query(run_id="r-1").sql == "SELECT 1"
    query()
    query(run_id="r-1\nDROP TABLE songs")
    statements = [call["QueryString"] for call in aws.athena.calls]
    comment = "-- run_id r-1 DROP TABLE songs"
    assert statements == ["-- run_id r-1\nSELECT 1", "SELECT 1", f"{comment}\nSELECT 1"]
    assert len({call["ClientRequestToken"] for call in aws.athena.calls}) == 3


def test_rows_come_back_typed_and_without_the_header(aws: Any, query: Any) -> None:
    """Numbers are numbers, null is null and an empty text stays a text."""
    aws.athena.rows = [["a", "1", "0.5", "true"], ["", None, "NaN", "false"]]
    result = query()
    assert result.columns == ["name", "n", "share", "paid"]
    assert result.rows == [["a", 1, 0.5, True], ["", None, "NaN", False]]
    assert (result.row_count, result.bytes_scanned) == (2, 77)
    assert result.as_json()["truncated"] is False


def test_what_is_no_select_has_no_header(aws: Any, query: Any) -> None:
    """SHOW and DESCRIBE answer with data from the first row on."""
    aws.athena.statement_type = "UTILITY"
    aws.athena.rows = [["songs", "1", "1.0", "true"]]
    assert len(query().rows) == 1


def test_all_rows_are_counted_and_few_are_kept(aws: Any, query: Any) -> None:
    """A run's document holds a part of a long result and says so."""
    aws.athena.rows = [["a", str(i), "1.0", "true"] for i in range(7)]
    document = query(3).as_json()
    assert len(document["rows"]) == 3
    assert (document["row_count"], document["truncated"]) == (7, True)


def test_a_long_result_is_not_read_beyond_what_is_shown(aws: Any, query: Any) -> None:
    """Without counting, reading stops at the page that has the last row wanted."""
    aws.athena.rows = [["a", str(i), "1.0", "true"] for i in range(1000)]
    result = query(3, count_all=False)
    assert len(result.rows) == 3
    assert result.row_count is None
    assert aws.athena.pages_read <= 3


@pytest.mark.parametrize("rows", [3, 4])
def test_a_result_that_just_fits_is_complete(aws: Any, query: Any, rows: int) -> None:
    """As many rows as wanted, and no more, is not cut short."""
    aws.athena.rows = [["a", str(i), "1.0", "true"] for i in range(rows)]
    assert query(rows, count_all=False).row_count == rows


def test_the_same_run_starts_the_same_query_once(aws: Any, query: Any) -> None:
    """The token depends on run and statement, so a repeated start is recognised."""
    query()
    query()
    first, second = aws.athena.calls
    assert first["ClientRequestToken"] == second["ClientRequestToken"]
    assert 32 <= len(first["ClientRequestToken"]) <= 128
    assert first["QueryExecutionContext"] == {"Database": "db"}
    assert first["WorkGroup"] == "group"


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_query_that_did_not_succeed_says_why(aws: Any, query: Any, state: str) -> None:
    """The reason that Athena gives is in the message."""
    aws.athena.states = ["RUNNING", state]
    aws.athena.status = {"StateChangeReason": "line 1:8: Column 'x' cannot be resolved"}
    with pytest.raises(RunFailedError, match=rf"ended as {state}: line 1:8: Column 'x'"):
        query()


def test_ctrl_c_says_how_to_stop_the_query(aws: Any, query: Any) -> None:
    """Only the waiting stops."""

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    aws.athena.get_query_execution = interrupt
    with pytest.raises(StoppedError, match="q-1 goes on; stop it with"):
        query()


def test_a_named_query_is_found_on_any_page(aws: Any) -> None:
    """There may be more named queries than one page or one batch holds."""
    assert athena.named_query(aws, "group", "query-119").sql == "SELECT 119"


def test_an_unknown_named_query_lists_the_known_ones(aws: Any) -> None:
    """The message is enough to choose the right one."""
    with pytest.raises(UsageError, match="no query named 'x'; it has query-0, query-1, "):
        athena.named_query(aws, "group", "x")
