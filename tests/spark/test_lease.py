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


@pytest.mark.parametrize(("minutes", "may"), [(4, True), (6, False), (20, False)])
def test_a_lease_that_ends_soon_stops_its_own_writer(lake: Any, minutes: int, may: bool) -> None:
    """No commit is begun that could end after the lease, even if nobody took it."""
    moment = {"minutes": 0}
    held = Lease(
        lake.storage,
        lake.bronze,
        Writer(run_id="slow"),
        now=lambda: NOW + timedelta(minutes=moment["minutes"]),
    )
    held.take(10)
    moment["minutes"] = minutes
    if may:
        held.check()
    else:
        with pytest.raises(LeaseLostError, match="expires at 2026-01-01T00:10"):
            held.check()


def after_lost_answers(lake: Any, patch: pytest.MonkeyPatch) -> None:
    """Let S3 carry out each put twice, as a client's retry does that had no answer."""
    put = lake.s3.put_object

    def twice(**arguments: Any) -> Any:
        put(**arguments)
        return put(**arguments)

    patch.setattr(lake.s3, "put_object", twice)


@pytest.mark.parametrize("over", [False, True])
def test_a_lease_is_ours_when_only_the_answer_was_lost(
    lake: Any, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    """A free one and an expired one: the retry is refused, the lease was taken all the same."""
    if over:
        lease(lake, "expired").take(10)
    taken = lease(lake, "first", minutes_later=20)
    after_lost_answers(lake, monkeypatch)
    taken.take(10)
    taken.check()
    with pytest.raises(LeaseHeldError, match="run first"):
        lease(lake, "second", minutes_later=21).take(10)
    taken.release()
    assert list(lake.storage.list(f"{lake.bronze}/")) == []


def test_a_lease_that_another_took_at_the_same_moment_is_not_ours(
    lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two find it free; the one whose put comes second is refused."""
    first, second = lease(lake, "first"), lease(lake, "second")
    put = lake.s3.put_object

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.setattr(lake.s3, "put_object", put)
        second.take(10)
        return put(**arguments)

    monkeypatch.setattr(lake.s3, "put_object", overtaken)
    with pytest.raises(LeaseHeldError, match="at this very moment"):
        first.take(10)
    second.check()


def test_an_expired_lease_that_goes_while_it_is_taken_is_left_to_the_next_try(
    lake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 says of a put over what is not there any more that there is no such key."""
    first = lease(lake, "first")
    first.take(10)
    put = lake.s3.put_object

    def given_back(**arguments: Any) -> Any:
        first.release()
        return put(**arguments)

    monkeypatch.setattr(lake.s3, "put_object", given_back)
    with pytest.raises(LeaseHeldError, match="gave it back at this very moment"):
        lease(lake, "second", minutes_later=11).take(10)


def test_a_release_never_takes_the_lease_of_another(lake: Any) -> None:
    """Neither one that went over meanwhile, nor is it an error that none is there."""
    first = lease(lake, "first")
    first.take(10)
    lease(lake, "second", minutes_later=11).take(10)
    first.release()
    with pytest.raises(LeaseHeldError, match="run second"):
        lease(lake, "third", minutes_later=12).take(10)
    lake.storage.delete_under(first.path)
    first.release()


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
