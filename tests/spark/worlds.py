"""Random histories of a landing zone, for the law: what lands when, which runs die, and where.

A history has many small worlds whose keys never meet, so that one lake tries many examples at once.
Within a world everything meets: few keys, few names, few moments.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.spark.model import Version
from tests.spark.records import play, song

FIRST_PLAY = 1541105830796
FIRST_UPLOAD = 1541160000
WITH_THE_LEASE = 0
"""Where a run dies that has done everything and does not come to give the lease back."""


@dataclass(frozen=True)
class Step:
    """Keys that go and versions that land one after the other, and then a run.

    It reads everything again or only what is new, accepts what is held or nothing, and dies at its
    `dies_at`th act, or WITH_THE_LEASE.
    """

    goes: tuple[str, ...]
    lands: tuple[Version, ...]
    reads_again: bool
    accepts: bool
    dies_at: int | None


class History:
    """Steps in their order. No dataclass: hypothesis would write out all of it where a test fails,
    and what fails names rows, whose keys name the world.
    """

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps

    def has_any(self) -> bool:
        """Whether anything lands."""
        return any(step.lands for step in self.steps)

    def __repr__(self) -> str:
        return f"<{len(self.steps)} steps, deaths at {[step.dies_at for step in self.steps]}>"


def _songs(world: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda **changes: song(1, **changes),
        song_id=st.sampled_from([f"{world}-S1", f" {world}-S2 ", f"{world}-S3"]),
        artist_id=st.sampled_from([f"{world}-A1", f"{world}-A2"]),
        artist_name=st.sampled_from([f"{world} One", f"{world} Two", None]),
        title=st.sampled_from(["T1", "T2", None]),
        duration=st.sampled_from([10.0, 123456789.12345679, None]),
        artist_location=st.sampled_from(["", "here", None]),
        year=st.sampled_from([0, 1999]),
    )


def _plays(world: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda ts, **changes: play(1, ts=FIRST_PLAY + ts * 40 * 24 * 3600 * 1000, **changes),
        ts=st.integers(0, 2),
        userId=st.sampled_from([f"{world}-U1", f" {world}-U1", f"{world}-U2"]),
        sessionId=st.sampled_from([1, "1"]),
        itemInSession=st.integers(0, 1),
        level=st.sampled_from(["free", "paid"]),
        artist=st.sampled_from([f"{world} One", f"{world} Two", None]),
        song=st.sampled_from(["T1", "T2", None]),
        length=st.sampled_from([10.0, 123456789.12345679, None]),
        page=st.sampled_from(["NextSong", "NextSong", "NextSong", "Home"]),
    )


_BAD = st.sampled_from(['{"cut', "[]", '{"page": "NextSong", "song_id": "x"}', '{"level": "free"}'])


def _body(records: list[Any], key: str) -> bytes:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    text = "\n".join(lines).encode()
    return gzip.compress(text, mtime=0) if key.endswith(".gz") else text


@st.composite
def _versions(draw: st.DrawFn, world: str) -> Version:
    """A version of one of the world's five objects; older and newer ones come in any order."""
    source = draw(st.sampled_from(["song", "log", "log"]))
    name = draw(st.sampled_from(["1.json", "2.json", "3.json.gz"]))
    record = _songs(world) if source == "song" else _plays(world)
    records: list[Any] = draw(st.lists(record, min_size=1, max_size=3))
    bad: list[Any] = draw(st.lists(_BAD, max_size=1))
    # Now and then so many that the object is held.
    bad *= draw(st.sampled_from([1, 1, 1, 21]))
    records += bad + draw(st.sampled_from([[], records[:1]]))
    key = f"{source}-data/{world}/{name}"
    modified = FIRST_UPLOAD + draw(st.integers(0, 2))
    return Version(key=key, body=_body(records, key), modified=modified)


def _cut(right: Version) -> Version:
    """The version as it is when its upload broke off: a gzip that lacks its end."""
    return replace(right, body=right.body[:-3])


def _again(known: list[Version]) -> st.SearchStrategy[Version]:
    """A content that landed before, under its key, at any time."""
    times = st.integers(FIRST_UPLOAD, FIRST_UPLOAD + 3)
    return st.builds(replace, st.sampled_from(known), modified=times)


@st.composite
def histories(draw: st.DrawFn, worlds: int, steps: int) -> History:
    """Steps in which versions of every world land; most of the runs die at some act.

    What lands again is an old content: at its old time, or as a version of its own, later or not.
    Every other gzip lands cut first, and right with the next step.
    """
    landing: list[list[Version]] = [[] for _ in range(steps)]
    going: list[list[Version]] = [[] for _ in range(steps)]
    for number in range(worlds):
        known: list[Version] = []
        mended: list[Version] = []
        for step in range(steps):
            fresh = draw(st.lists(_versions(f"W{number}"), max_size=2))
            landing[step] += mended
            mended = [v for v in fresh if v.key.endswith(".gz") and draw(st.booleans())]
            fresh = [_cut(version) if version in mended else version for version in fresh]
            again = draw(st.lists(_again(known), max_size=1)) if known else []
            landing[step] += [*fresh, *again]
            if known:
                going[step] += draw(st.lists(st.sampled_from(known), max_size=1))
            known += fresh
    dies = st.one_of(st.none(), st.integers(1, 30), st.just(WITH_THE_LEASE))
    reads_again = st.sampled_from([False, False, True])
    return History(
        [
            Step(
                goes=tuple({version.key for version in goes}),
                lands=tuple(lands),
                reads_again=draw(reads_again),
                accepts=number > 0 and draw(st.booleans()),
                dies_at=draw(dies),
            )
            for number, (goes, lands) in enumerate(zip(going, landing, strict=True))
        ]
    )
