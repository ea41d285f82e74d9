"""Which of Athena's functions run here, and DuckDB macros for those that differ.

A function is in the list once its results were compared with what Trino documents; any other is
refused by name, since DuckDB has functions of the same name that answer something else.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
Abs And AnyValue ApproxDistinct ApproxQuantile ArgMax ArgMin Array ArrayAgg ArrayContains
ArrayDistinct ArrayFilter ArrayMax ArrayMin ArrayPosition ArraySize ArraySort ArrayToString Avg
Case Cast Cbrt Ceil Chr Coalesce Concat ConcatWs Corr Cos Count CountIf CovarPop CovarSamp
CumeDist CurrentDate CurrentTimestamp Date DateAdd DateDiff DateTrunc DayOfMonth DayOfWeekIso
DayOfYear Day Degrees DenseRank Exists Exp Extract FirstValue Flatten Floor
FromISO8601Timestamp GenerateSeries Greatest GroupConcat Grouping Hour If IsNan JSONExtract
JSONExtractScalar Lag LastDay LastValue Lead Least Length Levenshtein Ln Localtimestamp Log
LogicalAnd LogicalOr Lower Map MapKeys Max Min Minute Month NthValue Ntile Nullif Or Pad
PercentRank Pi Pow Quarter Radians Rand Rank RegexpExtract RegexpLike RegexpReplace Replace
Reverse Round RowNumber Second Sign Sin Split SplitPart Sqrt StartsWith Stddev StddevPop
StddevSamp StrPosition StrToTime Struct Substring Sum Tan TimeToStr TimeToUnix TimestampTrunc
Transform Translate Trim Trunc TryCast UnixToTime Unnest Upper Variance VariancePop WeekOfYear
Year YearOfWeek
"""

FUNCTIONS: Final = frozenset(_NAMES.split())
"""sqlglot's names for the parsed functions; several of Athena's may share one."""

PLAIN_FUNCTIONS: Final = frozenset({"every", "histogram", "map_values", "millisecond"})
"""Functions without a class of their own in sqlglot, by Athena's names in lower case."""

_INTEGERS: Final = ("tinyint", "smallint", "integer", "bigint", "hugeint", "ubigint")

_NUMBER: Final = ", ".join(
    [
        *(f"(x {name}) AS CAST(x AS BIGINT)" for name in _INTEGERS),
        *(f"(x {name}) AS CAST(x AS DOUBLE)" for name in ("float", "double", "decimal(38, 10)")),
    ]
)

MACROS: Final = (
    # Trino divides integers as integers, and decimals as decimals, which DuckDB has not.
    f"CREATE MACRO athena_number {_NUMBER}",
    "CREATE MACRO athena_quotient (a bigint, b bigint) AS a // b, (a double, b double) AS a / b",
    """CREATE MACRO athena_dividend(a, b) AS CASE
        WHEN (typeof(a) LIKE 'DECIMAL%' OR typeof(b) LIKE 'DECIMAL%')
            AND typeof(a) NOT IN ('DOUBLE', 'FLOAT') AND typeof(b) NOT IN ('DOUBLE', 'FLOAT')
        THEN error('NOT_SUPPORTED: localaws does not support the division of decimals: '
            || 'write 1e0 for 1.0, or CAST(... AS double)')
        ELSE a END""",
    """CREATE MACRO athena_no_decimal(x) AS CASE WHEN typeof(x) LIKE 'DECIMAL%'
        THEN error('NOT_SUPPORTED: localaws does not support avg and round to places of decimals: '
            || 'CAST(... AS double)')
        ELSE x END""",
    # Dates stay dates.
    """CREATE MACRO athena_date_add (d date, i) AS CAST(d + i AS DATE),
        (d timestamp, i) AS d + i, (d timestamptz, i) AS d + i, (d interval, i) AS d + i""",
    """CREATE MACRO athena_date_trunc (u, d date) AS CAST(date_trunc(u, d) AS DATE),
        (u, d timestamp) AS date_trunc(u, d), (u, d timestamptz) AS date_trunc(u, d)""",
    # No match is NULL.
    """CREATE MACRO athena_regexp_extract(s, p, g) AS
        CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END""",
    # Only scalars are extracted; what is no JSON gives NULL.
    "CREATE MACRO athena_valid(j) AS CASE WHEN json_valid(j) THEN j END",
    """CREATE MACRO athena_json_scalar(j, p) AS
        CASE WHEN json_type(athena_valid(j), p) NOT IN ('OBJECT', 'ARRAY')
        THEN athena_valid(j) ->> p END""",
    "CREATE MACRO athena_json(j, p) AS athena_valid(j) -> p",
    # Floating-point numbers are rounded half up, and text must be a whole number.
    r"""CREATE MACRO athena_integer(x, name) AS CASE
        WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '[+-]?[0-9]+')
        THEN error('INVALID_CAST_ARGUMENT: Cannot cast ''' || CAST(x AS VARCHAR) || ''' to '
            || name)
        ELSE CAST(x AS BIGINT) END""",
    """CREATE MACRO athena_try_integer(x) AS CASE
        WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '[+-]?[0-9]+')
        THEN NULL
        ELSE TRY_CAST(x AS BIGINT) END""",
    """CREATE MACRO athena_text(x) AS CASE
        WHEN typeof(x) IN ('DOUBLE', 'FLOAT')
        THEN athena_double(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
        WHEN typeof(x) LIKE 'TIMESTAMP%'
        THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
            || CASE WHEN typeof(x) LIKE '%ZONE' THEN ' UTC' ELSE '' END
        ELSE CAST(x AS VARCHAR) END""",
)
"""Statements that make the macros to which `athena_sql` translates."""
