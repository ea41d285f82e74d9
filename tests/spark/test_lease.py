"""The lease: one writer at a time, and no waiting for the dead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spark.errors import LeaseHeldError, LeaseLostError
from spark.job import main
from spark.lease import Lease, Writer

pytestmark = pytest.mark.core

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def lease(lake: Any, run: str, *, minutes_later: int = 0, ended: bool = False) -> Lease:
    """A lease of a run, at a moment after NOW."""
    return Lease(
        lake.storage,
        lake.bronze,
        Writer(run_id=run),
        has_ended=lambda _: ended,
        now=lambda: NOW + timedelta(minutes=minutes_later),
    )


def test_a_second_writer_is_refused_and_told_who_holds_it(lake: Any) -> None:
    """While a lease lasts, nobody else takes it, and the message names its holder."""
    lease(lake, "first").take(10)
    with pytest.raises(LeaseHeldError, match="run first until 2026-01-01T00:10"):
        lease(lake, "second", minutes_later=9).take(10)


@pytest.mark.parametrize("ended", [True, False])
def test_a_lease_goes_over_when_it_expired_or_its_writer_ended(lake: Any, ended: bool) -> None:
    """The next writer takes it, and the former one stops before its next commit."""
    first = lease(lake, "first")
    first.take(10)
    first.check()
    lease(lake, "second", minutes_later=5 if ended else 11, ended=ended).take(10)
    with pytest.raises(LeaseLostError, match="by run second"):
        first.check()
    first.release()
    with pytest.raises(LeaseHeldError):
        lease(lake, "third", minutes_later=12).take(10)


def test_an_expired_lease_stops_its_own_writer(lake: Any) -> None:
    """A writer that outlives its lease commits nothing more, even if nobody took it."""
    moment = {"minutes": 0}
    held = Lease(
        lake.storage,
        lake.bronze,
        Writer(run_id="slow"),
        now=lambda: NOW + timedelta(minutes=moment["minutes"]),
    )
    held.take(10)
    moment["minutes"] = 10
    with pytest.raises(LeaseLostError, match="expired"):
        held.check()


def test_a_released_lease_is_free(lake: Any) -> None:
    """After release anybody may write."""
    first = lease(lake, "first")
    first.take(10)
    first.release()
    lease(lake, "second").take(10)


def test_a_job_run_against_a_held_lease_changes_nothing(
    lake: Any, make_song: Any, capsys: Any
) -> None:
    """The job ends with status 1 and the holder's name, and writes no table."""
    other = Lease(lake.storage, lake.bronze, Writer(run_id="other"))
    other.take(10)
    lake.put("song-data/1.json", [make_song(1)])
    argv = ["--run_id", "late", "--landing", lake.landing, "--bronze", lake.bronze]
    assert main([*argv, "--processing", lake.processing]) == 1
    assert "LeaseHeldError: Another run writes the bronze zone" in capsys.readouterr().err
    assert [found.path for found in lake.storage.list(f"{lake.bronze}/")] == [other.path]
