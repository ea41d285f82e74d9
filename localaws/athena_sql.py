"""Athena's SQL in DuckDB's words: parsed, checked, and mended where a translation would differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.optimizer.scope import traverse_scope

from localaws.athena_functions import FUNCTIONS, PLAIN_FUNCTIONS
from localaws.errors import LocalawsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_WORD: Final = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*(?s:.*?)\*/)*(\w*)")
"""Behind blanks, parentheses and comments."""
_OTHER_STATEMENTS: Final = re.compile(
    "ALTER|ANALYZE|CALL|CREATE|DEALLOCATE|DELETE|DROP|EXECUTE|EXPLAIN|GRANT|INSERT|MERGE|MSCK"
    "|OPTIMIZE|PREPARE|REVOKE|TRUNCATE|UNLOAD|UPDATE|USE|VACUUM"
)
_OTHER_TYPES: Final = frozenset({"CHAR", "JSON", "IPADDRESS", "UUID", "VARBINARY", "INTERVAL"})


class MalformedQueryError(LocalawsError):
    """The text is no SQL: Athena refuses it before it makes a query execution."""


class QueryError(LocalawsError):
    """A query cannot run or failed; the message begins with Athena's name for the error."""


def unsupported(what: str) -> QueryError:
    """Return the error for something that Athena has and localaws has not."""
    return QueryError(f"NOT_SUPPORTED: localaws does not support {what}")


def position(sql: str, name: str) -> str:
    """Return `line L:C` of the first mention of `name` in the query, as Trino counts."""
    found = re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", sql, re.IGNORECASE)
    start = found.start() if found else 0
    return f"line {sql.count(chr(10), 0, start) + 1}:{start - sql.rfind(chr(10), 0, start)}"


def parse(sql: str) -> exp.Query:
    """Return the parsed query.

    Raises MalformedQueryError for text that is no SQL, QueryError for statements that are none of
    SELECT, WITH and VALUES, and for functions and types that do not run here.
    """
    first = _FIRST_WORD.match(sql)
    word = first[1].upper() if first else ""
    if _OTHER_STATEMENTS.fullmatch(word):
        raise unsupported(f"{word} statements: its Athena reads (SELECT, SHOW, DESCRIBE)")
    if word not in {"SELECT", "WITH", "VALUES"}:
        raise MalformedQueryError(f"line 1:1: mismatched input '{word}'. Expecting: a query")
    try:
        statements = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except ParseError as error:
        detail = error.errors[0]
        place = f"line {detail['line']}:{detail['col']}"
        raise MalformedQueryError(
            f"{place}: mismatched input '{detail['highlight']}'. {detail['description']}"
        ) from None
    except TokenError as error:
        raise MalformedQueryError(f"line 1:1: {error}") from None
    if len(statements) != 1:
        raise MalformedQueryError(f"Only one sql statement is allowed. Got: {sql}")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise MalformedQueryError(f"line 1:1: mismatched input '{word}'. Expecting: a query")
    _check(tree, sql)
    return tree


def tables(tree: exp.Query) -> Iterator[exp.Table]:
    """Yield each mention of a table that is no common table expression of the query."""
    seen: set[int] = set()
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and id(source) not in seen:
                seen.add(id(source))
                yield source


def _check(tree: exp.Query, sql: str) -> None:
    """Raise QueryError for what DuckDB would not do as Athena does."""
    for node in tree.find_all(exp.Func):
        name = node.sql_name().lower()
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if name not in PLAIN_FUNCTIONS:
                raise unsupported(f"the function {name} ({position(sql, name)})")
        elif type(node).__name__ not in FUNCTIONS:
            raise unsupported(f"the function {name}")
        if isinstance(node, (exp.TimeToStr, exp.StrToTime)) and not node.args["format"].is_string:
            raise unsupported("date formats that are no literals")
    for kind in tree.find_all(exp.DataType):
        if kind.this.name in _OTHER_TYPES:
            raise unsupported(f"the type {kind.this.name.lower()}")
    for found, what in (
        (exp.AtTimeZone, "AT TIME ZONE"),
        (exp.Placeholder, "parameters (?)"),
        (exp.MatchRecognize, "MATCH_RECOGNIZE"),
        (exp.TableSample, "TABLESAMPLE"),
        (exp.Version, "time travel"),
        (exp.Command, "this statement"),
    ):
        if tree.find(found):
            raise unsupported(what)
