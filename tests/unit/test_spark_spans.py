"""Where plays of a batch may share a key: never too narrow, and empty where it can be."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark import bounds, spans
from spark.manifest import FORMAT, Entry, Manifest

JUNE = 1_748_736_000_000
"""The first moment of June 2025, in milliseconds since 1970."""

VERSIONS = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=4), max_size=60)
"""The moments of the plays of each version of a batch."""


def entry(first: int | None, last: int | None, **other: Any) -> Entry:
    """A version of logs that was read whole."""
    values: dict[str, Any] = {
        "source": "logs",
        "path": "s3://landing/log-data/a.json",
        "etag": "e",
        "modified": datetime(2026, 1, 1, tzinfo=UTC),
        "size": 1,
        "error": None,
        "records_read": 1,
        "kept": 1,
        "ignored": 0,
        "quarantined": 0,
        "duplicates": 0,
    }
    return Entry(**values | {"first": first, "last": last} | other)


def manifest(*entries: Entry, of_format: int = FORMAT) -> Manifest:
    """A batch of these versions."""
    return Manifest(
        batch="b",
        run_id="r",
        contract_version=1,
        entries=entries,
        refused=(),
        reasons={},
        format=of_format,
    )


@given(VERSIONS)
def test_a_moment_that_occurs_twice_is_in_a_span(versions: list[list[int]]) -> None:
    """Plays of one key have one moment: in two versions, or twice in one."""
    found = spans.repeats(
        ((min(moments), max(moments)), len(set(moments)) < len(moments)) for moments in versions
    )
    moments = sorted(moment for version in versions for moment in version)
    twice = {one for one, next_one in pairwise(moments) if one == next_one}
    assert all(any(first <= moment <= last for first, last in found) for moment in twice)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    assert len(found) <= spans._MAX_SPANS


@given(st.lists(st.integers(0, 400), max_size=120))
def test_versions_apart_have_no_repeats(starts: list[int]) -> None:
    """Nothing is asked of versions that follow one another and have each key once."""
    days = [((start * 10, start * 10 + 9), False) for start in set(starts)]
    assert spans.repeats(days) == []


def test_spans_are_closed_where_they_are_nearest() -> None:
    """Too many pieces become one where that adds least."""
    apart = [((n * 1000, n * 1000 + 10), True) for n in range(spans._MAX_SPANS)]
    near = ((5020, 5030), True)
    found = spans.repeats([*apart, near])
    assert len(found) == spans._MAX_SPANS
    assert found[5] == (5000, 5030)


def test_only_versions_that_bring_plays_count() -> None:
    """Held, failed and song versions and such without a play have no span."""
    seen = manifest(
        entry(10, 20),
        entry(15, 30, error="held for a reason", held=True),
        entry(None, None, error="failed"),
        entry(None, None, kept=0),
        entry(None, None, source="songs"),
    )
    assert spans.of_plays(seen) == [(10, 20)]
    assert spans.of_repeats(seen) == []
    assert spans.of_plays(manifest()) == []


def test_a_version_with_repeats_is_asked_alone() -> None:
    """And so is where two versions overlap."""
    seen = manifest(entry(10, 20), entry(30, 40, duplicates=1), entry(50, 60), entry(58, 70))
    assert spans.of_repeats(seen) == [(30, 40), (58, 60)]
    assert spans.of_plays(seen) == [(10, 20), (30, 40), (50, 70)]


def test_an_earlier_release_has_no_moments() -> None:
    """Its open batch is asked all."""
    seen = manifest(entry(None, None), of_format=4)
    assert spans.of_plays(seen) is None
    assert spans.of_repeats(seen) is None


@pytest.mark.parametrize(
    ("found", "months"),
    [
        ([(JUNE, JUNE)], ["year = 2025 AND t.month = 6"]),
        ([(JUNE - 1, JUNE)], ["year = 2025 AND t.month = 5", "year = 2025 AND t.month = 6"]),
        (
            [(JUNE, JUNE + 1), (JUNE + 200 * 86_400_000, JUNE + 215 * 86_400_000)],
            [
                "year = 2025 AND t.month = 6",
                "year = 2025 AND t.month = 12",
                "year = 2026 AND t.month = 1",
            ],
        ),
    ],
)
def test_months_of_spans(found: list[spans.Span], months: list[str]) -> None:
    """Those that a span touches, in UTC; the moments between spans narrow nothing."""
    between = (
        f"t.start_time BETWEEN timestamp_micros({found[0][0] * 1000}) "
        f"AND timestamp_micros({found[-1][1] * 1000})"
    )
    named = " OR ".join(f"(t.{month})" for month in months)
    assert bounds.of_spans(found) == f"{between} AND ({named})"


@pytest.mark.parametrize(("days", "is_told"), [(23 * 30, True), (26 * 30, False)])
def test_spans_over_many_months_tell_nothing(days: int, is_told: bool) -> None:
    """The rows are asked then: one play with a wrong clock must not let all months be searched."""
    assert (bounds.of_spans([(JUNE - days * 86_400_000, JUNE)]) is not None) is is_told
