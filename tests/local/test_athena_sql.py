"""What Trino documents is what the translated query answers; what differs is refused by name."""

from __future__ import annotations

import pytest

from localaws.athena_engine import Session
from localaws.athena_results import double, read_csv, real
from localaws.athena_scan import Meter
from localaws.athena_sql import MalformedQueryError, QueryError

VALUES = "(VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS t(n, s)"
NULLS = "(VALUES 2, NULL, 1) AS t(n)"

# SQL after SELECT, and the one row (or rows) that it answers, as Athena prints it.
ANSWERS: list[tuple[str, list[list[str | None]]]] = [
    # Arithmetic: integers stay integers.
    ("7 / 2, -7 / 2, 7 / 2e0", [["3", "-3", "3.5"]]),
    ("mod(-7, 3), -7 % 3", [["-1", "-1"]]),
    ("1e0 / 0, -1e0 / 0", [["Infinity", "-Infinity"]]),
    ("1.10 * 2, 0.1 + 0.2", [["2.20", "0.3"]]),
    (
        "round(2.5e0), round(-2.5e0), truncate(1.7e0), floor(-1.5e0)",
        [["3.0", "-3.0", "1.0", "-2.0"]],
    ),
    ("power(2, 3), sqrt(4), log(2, 8), log10(100), ln(1)", [["8.0", "2.0", "3.0", "2.0", "0.0"]]),
    ("1e10, 1e-4, 12345678e0, 0.5e0, 1e0", [["1.0E10", "1.0E-4", "1.2345678E7", "0.5", "1.0"]]),
    # Casts.
    ("CAST(2.5e0 AS integer), CAST(-2.5e0 AS bigint), CAST('12' AS integer)", [["3", "-3", "12"]]),
    ("TRY_CAST('x' AS integer), TRY_CAST('1.5' AS bigint)", [[None, None]]),
    (
        "CAST(1e0 AS varchar), CAST(1e10 AS varchar), CAST(true AS varchar)",
        [["1.0", "1.0E10", "true"]],
    ),
    ("CAST('abc' AS varchar(2))", [["ab"]]),
    ("CAST(timestamp '2018-11-01 21:01:46' AS varchar)", [["2018-11-01 21:01:46.000"]]),
    # NULL.
    (
        "'a' || NULL, concat('a', NULL), greatest(1, NULL), coalesce(NULL, 1)",
        [[None, None, None, "1"]],
    ),
    ("concat_ws('-', 'a', NULL, 'b')", [["a-b"]]),
    (f"n FROM {NULLS} ORDER BY n", [["1"], ["2"], [None]]),
    (f"n FROM {NULLS} ORDER BY n DESC", [["2"], ["1"], [None]]),
    (f"n FROM {NULLS} ORDER BY n DESC NULLS FIRST", [[None], ["2"], ["1"]]),
    (f"count(*), count(n), sum(n), avg(n) FROM {NULLS}", [["3", "2", "3", "1.5"]]),
    # Text.
    ("substr('hello', 2, 3), substr('hello', -2), strpos('hello', 'l')", [["ell", "lo", "3"]]),
    ("split('a,b', ','), split_part('a,b', ',', 2), lpad('a', 3, '0')", [["[a, b]", "b", "00a"]]),
    ("replace('aXa', 'X'), reverse('ab'), upper('é'), length('äöü')", [["aa", "ba", "É", "3"]]),
    ("'abc' LIKE 'a%', 'a_c' LIKE 'a!_c' ESCAPE '!', 1 <> 2", [["true", "true", "true"]]),
    ("regexp_like('abc', 'b'), regexp_extract('abc', 'x')", [["true", None]]),
    ("regexp_extract('a1b2', '([a-z])([0-9])', 2)", [["1"]]),
    ("regexp_replace('a1b2', '([a-z])([0-9])', '$2$1')", [["1a2b"]]),
    # Dates and times.
    ("day_of_week(date '2024-01-07'), dow(date '2024-01-01')", [["7", "1"]]),
    ("EXTRACT(dow FROM date '2024-01-07'), week(date '2024-01-01')", [["7", "1"]]),
    (
        "year(date '2024-02-03'), quarter(date '2024-05-01'), doy(date '2024-02-01')",
        [["2024", "2", "32"]],
    ),
    ("millisecond(timestamp '2024-01-01 00:00:07.123')", [["123"]]),
    (
        "date_diff('hour', timestamp '2024-01-01 01:59:00', timestamp '2024-01-01 02:01:00')",
        [["0"]],
    ),
    ("date_diff('day', date '2024-01-01', date '2024-01-05')", [["4"]]),
    (
        "date_add('day', 1, date '2024-01-31'), date '2024-01-31' + interval '1' month",
        [["2024-02-01", "2024-02-29"]],
    ),
    ("date '2024-03-31' - interval '1' month", [["2024-02-29"]]),
    (
        (
            "date_trunc('week', date '2024-01-03'), "
            "date_trunc('month', timestamp '2018-11-15 21:01:46')"
        ),
        [["2024-01-01", "2018-11-01 00:00:00.000"]],
    ),
    (
        "date_format(timestamp '2018-11-01 21:01:46', '%Y-%m-%d %H:%i:%s')",
        [["2018-11-01 21:01:46"]],
    ),
    ("date_parse('2018-11-01 9', '%Y-%m-%d %k')", [["2018-11-01 09:00:00.000"]]),
    (
        "from_unixtime(1541106106), to_unixtime(timestamp '2018-11-01 21:01:46')",
        [["2018-11-01 21:01:46.000 UTC", "1.541106106E9"]],
    ),
    ("from_iso8601_timestamp('2018-11-01T21:01:46Z')", [["2018-11-01 21:01:46.000 UTC"]]),
    # Arrays, maps, rows, JSON.
    ("ARRAY[1, 2][1], element_at(ARRAY[1, 2], -1), element_at(ARRAY[1], 5)", [["1", "2", None]]),
    (
        "cardinality(ARRAY[1, 2]), contains(ARRAY[1], 1), array_position(ARRAY[1], 9)",
        [["2", "true", "0"]],
    ),
    ("transform(ARRAY[1, 2], x -> x + 1), filter(ARRAY[1, 2], x -> x > 1)", [["[2, 3]", "[2]"]]),
    (
        "array_join(ARRAY['a', 'b'], '-'), sequence(1, 3), flatten(ARRAY[ARRAY[1], ARRAY[2]])",
        [["a-b", "[1, 2, 3]", "[1, 2]"]],
    ),
    ("MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a'], ARRAY[1])['a']", [["{a=1}", "1"]]),
    ("CAST(ROW(1, NULL) AS ROW(x double, y varchar))", [["{x=1.0, y=null}"]]),
    ("x FROM UNNEST(ARRAY[1, 2]) AS t(x)", [["1"], ["2"]]),
    (
        (
            "n, x FROM (VALUES 5) AS a(n) "
            "CROSS JOIN UNNEST(ARRAY['p', 'q']) WITH ORDINALITY AS t(v, x)"
        ),
        [["5", "1"], ["5", "2"]],
    ),
    (
        """json_extract_scalar('{"a":{"b":"c"}}', '$.a.b'),
        json_extract_scalar('{"a":{}}', '$.a')""",
        [["c", None]],
    ),
    (
        """json_extract('{"a":[1,2]}', '$.a'), json_extract_scalar('{broken', '$.a')""",
        [["[1,2]", None]],
    ),
    # Aggregates, grouping, windows, sets.
    (
        f"array_agg(n ORDER BY n DESC), max_by(s, n), count_if(n > 1), arbitrary(7) FROM {VALUES}",
        [["[3, 2, 1]", None, "2", "7"]],
    ),
    (
        f"approx_distinct(n), bool_and(n > 0), every(n > 1), stddev(n) FROM {VALUES}",
        [["3", "true", "false", "1.0"]],
    ),
    (f"listagg(s, ',') WITHIN GROUP (ORDER BY s) FROM {VALUES}", [["a,b"]]),
    (
        (
            "a, b, count(*) FROM (VALUES (1, 2), (1, 3)) AS t(a, b) "
            "GROUP BY GROUPING SETS ((a), (b)) ORDER BY 1, 2"
        ),
        [["1", None, "2"], [None, "2", "1"], [None, "3", "1"]],
    ),
    (
        (
            "n, row_number() OVER (ORDER BY n DESC), lag(n) OVER (ORDER BY n) "
            f"FROM {VALUES} ORDER BY n"
        ),
        [["1", "3", None], ["2", "2", "1"], ["3", "1", "2"]],
    ),
    (
        (
            "sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) "
            f"FROM {VALUES} ORDER BY n"
        ),
        [["1"], ["3"], ["5"]],
    ),
    ("1 UNION SELECT 1 UNION ALL SELECT 2 ORDER BY 1", [["1"], ["2"]]),
    (
        (
            "a.n, b.m FROM (VALUES 1, 2) AS a(n) "
            "CROSS JOIN LATERAL (SELECT a.n * 2 AS m) AS b ORDER BY 1"
        ),
        [["1", "2"], ["2", "4"]],
    ),
    (f"n FROM {VALUES} ORDER BY n OFFSET 1 LIMIT 1", [["2"]]),
]

REFUSED = [
    ("SELECT 10.0 / 3", "division of decimals"),
    ("SELECT avg(1.5)", "decimals"),
    ("SELECT slice(ARRAY[1, 2, 3], 2, 2)", "slice"),
    ("SELECT format_datetime(now(), 'yyyy')", "format_datetime"),
    ("SELECT now() AT TIME ZONE 'America/New_York'", "AT TIME ZONE"),
    ("SELECT * FROM duckdb_settings()", "duckdb_settings"),
    ("SELECT getenv('HOME')", "getenv"),
    ("SELECT CAST('a' AS char(3))", "char"),
    ("SELECT interval '1' day", "INTERVAL"),
    ("CREATE TABLE t AS SELECT 1", "CREATE"),
    ("INSERT INTO t VALUES 1", "INSERT"),
    ("EXPLAIN SELECT 1", "EXPLAIN"),
    ("SELECT * FROM information_schema.tables", "information_schema"),
    ("SELECT x FROM (VALUES 1) AS t(x) TABLESAMPLE BERNOULLI (50)", "TABLESAMPLE"),
]

FAILING = [
    ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT 7 % 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT CAST('1.5' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to INT"),
    ("SELECT nope FROM (VALUES 1) AS t(n)", "COLUMN_NOT_FOUND: line 1:8: Column 'nope'"),
    ("SELECT n,\n  nope FROM (VALUES 1) AS t(n)", "COLUMN_NOT_FOUND: line 2:3: Column 'nope'"),
    ("SELECT * FROM absent.t", "SCHEMA_NOT_FOUND: line 1:22: Schema 'absent' does not exist"),
    ("SELECT * FROM other.db.t", "CATALOG_NOT_FOUND: line 1:24: Catalog 'other' does not exist"),
    ("SELECT * FROM t", "MISSING_SCHEMA_NAME: line 1:15"),
    ("SELECT * FROM read_csv('/etc/passwd')", "localaws does not support"),
]


def run(sql: str) -> list[list[str | None]]:
    """Return header and rows of a query that needs no table."""
    session = Session(
        account="123456789012", region="us-east-1", database="", environment={}, meter=Meter()
    )
    return list(read_csv(session.run(sql)[1]))


@pytest.mark.parametrize(("query", "rows"), ANSWERS, ids=[query[:60] for query, _ in ANSWERS])
def test_answer_is_trinos(query: str, rows: list[list[str | None]]) -> None:
    """The query answers, value by value, what Trino's documentation says."""
    assert run(f"SELECT {query}")[1:] == rows


@pytest.mark.parametrize(("query", "named"), REFUSED)
def test_what_would_differ_is_refused_by_name(query: str, named: str) -> None:
    """What localaws does not do as Athena does fails and says its name."""
    with pytest.raises(QueryError, match="localaws does not support") as failure:
        run(query)
    assert named in str(failure.value)


@pytest.mark.parametrize(("query", "message"), FAILING)
def test_failure_is_told_in_athenas_words(query: str, message: str) -> None:
    """A query that fails says why and where, without a word of the translation."""
    with pytest.raises(QueryError) as failure:
        run(query)
    assert message in str(failure.value)


@pytest.mark.parametrize(
    "query", ["SELCT 1", "SELECT 1 FROM", "SELECT 1; SELECT 2", "", "SELECT 'a"]
)
def test_text_that_is_no_sql_is_malformed(query: str) -> None:
    """Athena refuses malformed text before it makes an execution."""
    with pytest.raises(MalformedQueryError):
        run(query)


@pytest.mark.parametrize(
    "query",
    [
        "-- run 1\nSELECT /* not\n2 */ 1",
        "/* run 1\n */ -- and\n (SELECT 1)",
        "-- INSERT\n-- DROP\nSELECT 1 -- DELETE",
    ],
)
def test_comments_are_no_statements(query: str) -> None:
    """One to the end of its line, the other to its own end, whichever comes first."""
    assert run(query)[1:] == [["1"]]


def test_unnamed_columns_are_numbered() -> None:
    """Columns without a name are _col0, _col1 and so on, and names are lower case."""
    assert run("SELECT 1, n AS Upper, n + 1, t.n FROM (VALUES 1) AS t(n)")[0] == [
        "_col0",
        "upper",
        "_col2",
        "n",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (123456789.125, "1.23456789125E8"),
        (float("nan"), "NaN"),
    ],
)
def test_doubles_are_printed_as_java_prints_them(value: float, text: str) -> None:
    """Trino is a Java program, and prints doubles so."""
    assert double(value) == text


def test_single_precision_has_no_noise() -> None:
    """A real is printed with the digits that identify it."""
    assert real(0.10000000149011612) == "0.1"


def test_quotes_and_line_ends_survive_the_result_object() -> None:
    """What was quoted comes back, and an empty text differs from NULL."""
    assert run("SELECT 'a\"b', 'c,d', 'e\nf', '', NULL")[1:] == [['a"b', "c,d", "e\nf", "", None]]
