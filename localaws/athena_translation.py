"""Athena's SQL in DuckDB's words, mended where sqlglot's translation would answer differently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from localaws.athena_sql import unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER_TYPES: Final = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})
UNNAMED: Final = "athena_unnamed"
"""The name of an output column that is to be named after its position in the result."""


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


_MENDERS: Final[dict[type[exp.Expr], Callable[..., exp.Expr]]] = {
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
