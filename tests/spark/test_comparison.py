"""The comparison of tables that the other tests rely on: it sees every difference and names it."""

from __future__ import annotations

import pytest

from tests.spark.comparison import Content, TableContent, differences

COLUMNS = (("id", "string"), ("title", "string"), ("year", "int"))


def table(
    *rows: tuple[str, str | None, int], columns: tuple[tuple[str, str], ...] = COLUMNS
) -> Content:
    """One table of that name."""
    names = [name for name, _ in columns]
    return Content(
        songs=TableContent(("id",), columns, tuple(dict(zip(names, r, strict=True)) for r in rows))
    )


def test_equal_tables_have_no_difference() -> None:
    """Neither in words nor by hash."""
    one, other = table(("a", None, 1)), table(("a", None, 1))
    assert one == other
    assert differences(one, other) == []
    assert one.hashes() == other.hashes()


def test_rows_and_columns_that_differ_are_named() -> None:
    """Missing, extra and different rows by their key, values column by column, types too."""
    wide = (("id", "string"), ("title", "string"), ("year", "bigint"))
    found = table(("a", "x", 1), ("b", None, 2), ("d", "z", 4), columns=wide)
    expected = table(("a", "x", 1), ("b", "y", 3), ("c", "w", 3))
    assert found != expected
    assert found.hashes() != expected.hashes()
    assert differences(found, expected) == [
        "songs:",
        "  column year: bigint, expected int",
        "  1 missing",
        "    'c': id 'c', title 'w', year 3",
        "  1 extra",
        "    'd': id 'd', title 'z', year 4",
        "  1 different",
        "    'b': title is null, expected 'y'; year is 2, expected 3",
    ]


def test_a_key_that_is_there_twice_is_extra() -> None:
    """The second row of a key is told apart from the first."""
    found, expected = table(("a", "x", 1), ("a", "x", 1)), table(("a", "x", 1))
    assert differences(found, expected)[1:] == [
        "  1 extra",
        "    'a' (row 2): id 'a', title 'x', year 1",
    ]


def test_many_rows_are_counted_and_few_shown() -> None:
    """A failure stays readable however large the tables are."""
    found = table(*((f"{n:03d}", "x", n) for n in range(100)))
    lines = differences(found, table())
    assert lines[1] == "  100 extra"
    assert lines[-1] == "    ... and 95 more"
    assert len(lines) == 8


def test_a_missing_table_is_named() -> None:
    """A table that one side lacks is a difference of its own."""
    assert differences(Content(), table()) == ["songs: missing table"]
    assert differences(table(), Content()) == ["songs: extra table"]


def test_a_failing_comparison_shows_the_differences() -> None:
    """pytest shows them where two contents are compared with ==."""
    with pytest.raises(AssertionError, match="year is 1, expected 2"):
        assert table(("a", "x", 1)) == table(("a", "x", 2))
