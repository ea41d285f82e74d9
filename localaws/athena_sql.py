"""Athena's SQL in DuckDB's words: parsed, checked, and mended where a translation would differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError
from sqlglot.optimizer.scope import traverse_scope

from localaws.athena_functions import FUNCTIONS, PLAIN_FUNCTIONS
from localaws.errors import LocalawsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OTHER_STATEMENTS: Final = re.compile(
    "ALTER|ANALYZE|CALL|CREATE|DEALLOCATE|DELETE|DROP|EXECUTE|EXPLAIN|GRANT|INSERT|MERGE|MSCK"
    "|OPTIMIZE|PREPARE|REVOKE|TRUNCATE|UNLOAD|UPDATE|USE|VACUUM"
)
_INTEGER_TYPES: Final = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})
_OTHER_TYPES: Final = frozenset({"CHAR", "JSON", "IPADDRESS", "UUID", "VARBINARY", "INTERVAL"})


UNNAMED: Final = "athena_unnamed"
"""The name of an output column that is to be named after its position in the result."""


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
    first = re.match(r"(?:\s|\(|--.*\n|/\*.*?\*/)*(\w*)", sql, re.DOTALL if "/*" in sql else 0)
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


def to_duckdb(tree: exp.Query) -> str:
    """Return the query in DuckDB's SQL, with output columns named as Athena names them.

    Raises QueryError for what has no translation.
    """
    mended = _name_columns(tree.copy())
    for node in reversed(list(mended.walk())):  # what is inside first
        if mender := _MENDERS.get(type(node)):
            new = mender(node)
            if new is not node:
                node.replace(new)
    try:
        return mended.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise unsupported(f"part of this query: {error}") from None


def _name_columns(tree: exp.Query) -> exp.Query:
    """Name columns that are neither columns nor given a name `_col0`, `_col1`, ..."""
    first: exp.Expr = tree
    while isinstance(first, (exp.SetOperation, exp.Subquery)):
        first = first.this
    if isinstance(first, exp.Select):
        items: list[exp.Expr] = []
        known = True  # how many columns come before; a star may be any number
        for number, item in enumerate(first.expressions):
            known = known and not item.is_star
            if not isinstance(item, (exp.Alias, exp.Column, exp.Star, exp.Dot)):
                item = exp.alias_(item, f"_col{number}" if known else UNNAMED)  # noqa: PLW2901
            items.append(item)
        first.set("expressions", items)
    return tree


def _call(name: str, *arguments: exp.Expression | None) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[item for item in arguments if item is not None])


def _mend_division(node: exp.Div) -> exp.Expression:
    left = _call("athena_dividend", node.this, node.expression)
    right = node.expression.copy()
    return _call("athena_quotient", _call("athena_number", left), _call("athena_number", right))


def _mend_sum(node: exp.Add | exp.Sub) -> exp.Expression:
    left, right = node.this, node.expression
    if isinstance(right, exp.Interval):
        step = exp.Neg(this=exp.Paren(this=right)) if isinstance(node, exp.Sub) else right
        return _call("athena_date_add", left, step)
    if isinstance(left, exp.Interval) and isinstance(node, exp.Add):
        return _call("athena_date_add", right, left)
    return node


def _mend_date_add(node: exp.DateAdd) -> exp.Expression:
    step = exp.Interval(this=exp.Paren(this=node.expression), unit=node.args["unit"])
    return _call("athena_date_add", node.this, step)


def _mend_date_diff(node: exp.DateDiff) -> exp.Expression:
    unit = exp.Literal.string(node.args["unit"].name)
    return _call("date_sub", unit, node.expression, node.this)  # whole units, not boundaries


def _mend_date_trunc(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expression:
    return _call("athena_date_trunc", exp.Literal.string(node.args["unit"].name), node.this)


def _mend_extract(node: exp.Extract) -> exp.Expression:
    if node.name.upper().replace("_", "") in {"DOW", "DAYOFWEEK"}:
        node.set("this", exp.var("ISODOW"))  # Monday is 1, Sunday 7
    return node


def _mend_regexp_extract(node: exp.RegexpExtract) -> exp.Expression:
    group = node.args.get("group") or exp.Literal.number(0)
    return _call("athena_regexp_extract", node.this, node.expression, group)


def _mend_regexp_replace(node: exp.RegexpReplace) -> exp.Expression:
    by = node.args.get("replacement")
    if by is not None and not by.is_string:
        raise unsupported("regexp_replace with a replacement that is no literal")
    if by is not None:
        node.set("replacement", exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", by.name)))
    return node


def _mend_json(node: exp.JSONExtract | exp.JSONExtractScalar) -> exp.Expression:
    name = "athena_json_scalar" if isinstance(node, exp.JSONExtractScalar) else "athena_json"
    path = exp.Literal.string(node.expression.sql("duckdb").strip("'"))
    return _call(name, node.this, path)


def _mend_cast(node: exp.Cast) -> exp.Expression:
    target: exp.DataType = node.to
    name = target.this.name
    if name in _INTEGER_TYPES:
        shown = exp.Literal.string(name)
        tried = isinstance(node, exp.TryCast)
        whole = (
            _call("athena_try_integer", node.this)
            if tried
            else _call("athena_integer", node.this, shown)
        )
        return type(node)(this=whole, to=target)
    if name in {"VARCHAR", "TEXT"}:
        text = _call("athena_text", node.this)
        length = target.expressions[0].this if target.expressions else None
        return _call("substring", text, exp.Literal.number(1), length) if length else text
    if name.startswith("TIMESTAMP"):
        target.set("expressions", [])
    return node


def _mend_average(node: exp.Avg) -> exp.Expression:
    inner = node.this
    if isinstance(inner, exp.Distinct):
        inner.set("expressions", [_call("athena_no_decimal", item) for item in inner.expressions])
    else:
        node.set("this", _call("athena_no_decimal", inner))
    return node


def _mend_round(node: exp.Round) -> exp.Expression:
    if node.args.get("decimals") is not None:
        node.set("this", _call("athena_no_decimal", node.this))
    return node


def _mend_plain(node: exp.Anonymous) -> exp.Expression:
    name = node.name.lower()
    if name == "millisecond":
        return exp.Mod(this=node.copy(), expression=exp.Literal.number(1000))
    if name == "every":
        return _call("bool_and", *node.expressions)
    return node


_MENDERS: Final[dict[type[exp.Expression], Callable[..., exp.Expression]]] = {
    exp.Div: _mend_division,
    exp.Add: _mend_sum,
    exp.Sub: _mend_sum,
    exp.DateAdd: _mend_date_add,
    exp.DateDiff: _mend_date_diff,
    exp.TimestampTrunc: _mend_date_trunc,
    exp.DateTrunc: _mend_date_trunc,
    exp.Extract: _mend_extract,
    exp.RegexpExtract: _mend_regexp_extract,
    exp.RegexpReplace: _mend_regexp_replace,
    exp.JSONExtract: _mend_json,
    exp.JSONExtractScalar: _mend_json,
    exp.Cast: _mend_cast,
    exp.TryCast: _mend_cast,
    exp.Avg: _mend_average,
    exp.Round: _mend_round,
    exp.Anonymous: _mend_plain,
    # Rows whose value is NULL count too.
    exp.ArgMax: lambda node: _call("arg_max_null", node.this, node.expression),
    exp.ArgMin: lambda node: _call("arg_min_null", node.this, node.expression),
    # Absent is 0.
    exp.ArrayPosition: lambda node: exp.Coalesce(
        this=_call("list_position", node.this, node.expression), expressions=[exp.Literal.number(0)]
    ),
}
