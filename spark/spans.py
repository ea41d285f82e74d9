"""When the plays of a batch were: told from the accounts of its versions, not by a query.

A play's time is part of its key. So two plays can only have one key where the spans of two versions
overlap, or within a version that has a key twice; and the table can only have a key of the batch
within one of its spans.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from spark.contract import LOG_SOURCE
from spark.manifest import MOMENTS_SINCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spark.manifest import Entry, Manifest

Span = tuple[int, int]
"""First and last moment, both inclusive, in milliseconds since 1970."""

_MAX_SPANS = 32
"""Spans that one condition takes. Where there are more, the nearest ones become one."""


def of_plays(seen: Manifest) -> list[Span] | None:
    """Where the plays of the batch are, in order and apart; None where the manifest is too old."""
    brought = _brought(seen)
    return None if brought is None else _union(span for span, _ in brought)


def of_repeats(seen: Manifest) -> list[Span] | None:
    """Where two plays of the batch may have one key; None where the manifest is too old to tell."""
    brought = _brought(seen)
    return None if brought is None else repeats(brought)


def repeats(brought: Iterable[tuple[Span, bool]]) -> list[Span]:
    """Where plays of versions of these spans may have one key, in order and apart.

    With each span comes whether its version has any key more than once.
    """
    found: list[Span] = []
    reached: int | None = None
    for (first, last), has_repeats in sorted(brought):
        if has_repeats:
            found.append((first, last))
        if reached is not None and first <= reached:
            found.append((first, min(last, reached)))
        reached = last if reached is None else max(last, reached)
    return _union(found)


def _brought(seen: Manifest) -> list[tuple[Span, bool]] | None:
    if seen.format < MOMENTS_SINCE:
        return None
    return [
        (span, entry.duplicates > 0)
        for entry in seen.entries
        if entry.source == LOG_SOURCE.name
        and entry.status == "ingested"
        and (span := _span(entry)) is not None
    ]


def _span(entry: Entry) -> Span | None:
    return None if entry.first is None or entry.last is None else (entry.first, entry.last)


def _union(spans: Iterable[Span]) -> list[Span]:
    """What the spans cover, in order and apart; a little more where that is too many pieces."""
    apart: list[Span] = []
    for first, last in sorted(spans):
        if apart and first <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return _closed(apart) if len(apart) > _MAX_SPANS else apart


def _closed(apart: Sequence[Span]) -> list[Span]:
    """The spans with the narrowest gaps between them closed, so that `_MAX_SPANS` are left."""
    gaps = sorted(after[0] - before[1] for before, after in pairwise(apart))
    narrow = gaps[len(apart) - _MAX_SPANS - 1]
    closed = [apart[0]]
    for first, last in apart[1:]:
        if first - closed[-1][1] <= narrow:
            closed[-1] = (closed[-1][0], last)
        else:
            closed.append((first, last))
    return closed
