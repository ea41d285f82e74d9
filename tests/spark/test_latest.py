"""The latest records of each user, told while a stage is written."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark.contract import LOG_SOURCE, SONG_SOURCE
from spark.latest import latest
from spark.tables import USERS

Row = tuple[str, str | None, int | None, bool | None, list[str] | None]


def table(rows: list[Row], chunks: int = 1) -> pa.Table:
    """Rows of a stage, as far as they matter, in so many pieces."""
    paths, users, moments, kept, reasons = zip(*rows, strict=True) if rows else [[]] * 5
    whole = pa.table(
        {
            "source_path": pa.array(paths, pa.string()),
            "user_id": pa.array(users, pa.string()),
            "ts": pa.array(moments, pa.int64()),
            "kept": pa.array(kept, pa.bool_()),
            "reasons": pa.array(reasons, pa.list_(pa.string())),
            "place": range(len(rows)),
        }
    )
    step = max(1, len(rows) // chunks)
    return pa.concat_tables(whole.slice(at, step) for at in range(0, max(1, len(rows)), step))


_ROWS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["1", "2", "3", "1 "]),
            st.sampled_from([0, 1, 2, -1, 2**62]),
            st.booleans(),
            st.sampled_from([[], [], ["ts: missing"]]),
        ),
        st.tuples(st.just("a"), st.none(), st.none(), st.just(value=True), st.just(["no"])),
        st.tuples(st.just("a"), st.none(), st.none(), st.none(), st.none()),
    ),
    max_size=30,
)


@given(_ROWS, st.integers(1, 4))
def test_the_good_records_of_the_last_moment_of_a_user_in_a_version(
    rows: list[Row], chunks: int
) -> None:
    """Bad ones, those that no table has, and last rows of versions count for nothing."""
    moments: defaultdict[tuple[str, str | None], dict[int, list[int]]] = defaultdict(dict)
    for place, (path, user, moment, kept, reasons) in enumerate(rows):
        if kept and reasons == [] and moment is not None:
            moments[path, user].setdefault(moment, []).append(place)
    expected = sorted(place for of_user in moments.values() for place in of_user[max(of_user)])
    assert latest(table(rows, chunks), LOG_SOURCE)["place"].to_pylist() == expected


@pytest.mark.core
def test_no_rows_have_no_latest_ones() -> None:
    """The Arrow of Glue's Spark has ended a process that asks where nothing is true of no rows."""
    assert latest(table([]), LOG_SOURCE).num_rows == 0


def test_a_source_of_which_nothing_comes_last_has_none() -> None:
    """And is not asked for columns that it does not have."""
    rows = table([("a", "1", 1, True, [])]).drop_columns(["ts", "user_id"])
    assert latest(rows, SONG_SOURCE).num_rows == 0


def test_many_users_in_many_versions_do_not_take_their_product_in_memory() -> None:
    """A user in each of 40,000 versions: a place for each pair would be 13 GB."""
    rows: list[Row] = [(f"p{n}", f"u{n}", n, True, []) for n in range(40_000)]
    assert latest(table(rows), LOG_SOURCE).num_rows == 40_000


@pytest.mark.core
def test_a_held_version_does_not_hide_the_latest_of_another(lake: Any, make_play: Any) -> None:
    """It has the later word on the users of sixteen others, some of them in its file."""
    users = [f"{number}" for number in range(16)]
    for number, user in enumerate(users):
        lake.put(f"log-data/{number}.json", [make_play(number, userId=user, level="free")])
    late = [
        make_play(99, userId=user, level="paid", ts=1_541_999_999_000 + number)
        for number, user in enumerate(users)
    ]
    lake.put("log-data/late.json", [*late, *({"page": "NextSong"} for _ in range(60))])
    [held] = lake.run()["held"]
    assert [row["level"] for row in lake.rows(USERS)] == ["free"] * 16
    lake.run(accept=held["path"])
    assert [row["level"] for row in lake.rows(USERS)] == ["paid"] * 16
