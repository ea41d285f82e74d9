"""A large landing zone: what is new is found while the driver's memory stays as it is."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

from benchmarks.listing import fill, version
from spark import ledger
from spark.delta import Bronze
from spark.lease import Lease, Writer
from spark.unsettled import Unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spark.storage import ObjectVersion

CHUNK = 2_000


def test_memory_does_not_grow_with_the_landing_zone(
    lake: Any, engine: Any, monkeypatch: Any
) -> None:
    """Four times the objects: the same peak of Python memory, and each new one is found."""
    monkeypatch.setattr(ledger, "_LISTING_CHUNK", CHUNK)
    lease = Lease(lake.storage, lake.bronze, Writer(run_id="scale"))
    bronze = Bronze(
        spark=engine, storage=lake.storage, lease=lease, root=lake.bronze, run_id="scale"
    )
    lease.take(60)
    known, objects = 19_000, 20_000
    fill(bronze, known)

    def listed(first: int) -> Iterator[ObjectVersion]:
        return (version(number) for number in range(first, objects))

    def peak(first: int) -> int:
        """The peak while the listing from number `first` on is compared with the ledger."""
        tracemalloc.start()
        found = sum(1 for _ in ledger.pending(bronze, listed(first), Unsettled()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == objects - known
        return most

    peak(objects - 2 * CHUNK)
    small, large = peak(objects - 2 * CHUNK), peak(objects - 8 * CHUNK)
    assert large < 1.3 * small
