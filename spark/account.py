"""What became of each object version: counted while its lines pass, told in its last row.

A version's last row comes after its lines, and all of them in one partition, however they are cut
into batches. So a stage need not be read again to be counted.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark.errors import StageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Marks = NDArray[np.bool_]

MAX_KEY_BYTES = 64 * 1024 * 1024
"""What one task holds of keys to find those that repeat, some 40 bytes a usual play. Where versions
have more, the engine counts theirs."""


@dataclass(kw_only=True)
class Counts:
    """What a version's records are, as its last row tells them."""

    records_read: int = 0
    rows: int = 0
    """Good records that the tables are made of, repeated keys included."""
    keys: int | None = 0
    """Distinct keys among these; None where they were too much to be held."""
    first: int | None = None
    """The first of their moments; None without rows, or where the source has none."""
    last: int | None = None
    """The last of their moments."""
    ignored: int = 0
    quarantined: int = 0
    drifting: int = 0
    """Records with fields that the contract does not know."""
    broken: list[int] = field(default_factory=list)
    """How many of `rows` break each of the rules asked for."""
    reasons: dict[str, int] = field(default_factory=dict)
    """For how many records there was each reason to quarantine them."""

    @classmethod
    def told(cls, text: str) -> Counts:
        """The counts in a last row."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of one object version: read = kept + ignored + quarantined + duplicates.

    `error` is None for a version that was read whole.
    """

    source_path: str
    error: str | None
    counts: Counts
    kept: int
    """Of its rows, those that are the first of their key."""

    @property
    def duplicates(self) -> int:
        """Rows whose key another row of the version has."""
        return self.counts.rows - self.kept


def of_version(
    source_path: str, error: str | None, counts: Counts, keys_elsewhere: int | None
) -> Account:
    """The account of a version from its counts; where keys were not counted, from `keys_elsewhere`.

    Raises StageError where nobody has counted them.
    """
    kept = keys_elsewhere if counts.keys is None else counts.keys
    if kept is None:
        raise StageError(f"Nobody has counted the keys of {source_path}: start the job again.")
    return Account(source_path=source_path, error=error, counts=counts, kept=kept)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Records in the order of their lines, as the parser found them: marks and Arrow columns."""

    good: Marks
    kept: Marks
    """Which are such as the tables are made of, whether good or not."""
    drifting: Marks
    broken: Sequence[Marks]
    """Which break each of the rules, whether good or not."""
    reasons: pa.Array
    """Lists of texts, empty for good records."""
    keys: pa.Table
    """The columns of the key."""


@dataclass
class _Open:
    """A version whose lines pass."""

    counts: Counts
    keys: list[pa.Table] | None = field(default_factory=list)
    """Those of its rows; None once they were too much to be held."""
    size: int = 0
    """Bytes of `keys`."""


class Tally:
    """Counts the records that pass, by version, with what breaks so many `rules`.

    `moment` is the column of the key that says when, if any does. Holds at most `max_key_bytes` of
    keys: those of the largest version are given up first.
    """

    def __init__(self, rules: int, moment: str | None, max_key_bytes: int) -> None:
        self._rules = rules
        self._moment = moment
        self._max_key_bytes = max_key_bytes
        self._held = 0
        self._open: dict[str, _Open] = {}

    def passing(self, paths: pa.Array, is_line: Marks, judged: Judged) -> pa.Array:
        """The counts of each version that ends in these rows, in its last row; null in the lines.

        `is_line` is false for last rows; `judged` has the records of the others.
        """
        told: list[str | None] = [None] * len(paths)
        behind = np.concatenate([[0], np.cumsum(is_line)])
        for first, end in pairwise(_runs(paths, is_line)):
            path = paths[first].as_py()
            if is_line[first]:
                self._count(path, judged, int(behind[first]), int(behind[end]))
            else:
                told[first] = self._close(path)
        return pa.array(told, pa.string())

    def check(self) -> None:
        """Make sure that no version's lines passed without its last row.

        Raises StageError otherwise.
        """
        if self._open:
            raise StageError(
                f"The lines of {min(self._open)} were read apart from their last row, so that they "
                f"cannot be counted. Nothing of them counts as seen: start the job again."
            )

    def _count(self, path: str, judged: Judged, start: int, stop: int) -> None:
        """Count the records from place `start` to before `stop`: of the version at `path`."""
        version = self._open.setdefault(path, self._new())
        counts = version.counts
        good, kept = judged.good[start:stop], judged.kept[start:stop]
        rows = good & kept
        counts.records_read += stop - start
        counts.rows += _number(rows)
        counts.ignored += _number(good & ~kept)
        counts.drifting += _number(judged.drifting[start:stop])
        for place, broken in enumerate(judged.broken):
            counts.broken[place] += _number(broken[start:stop] & rows)
        if bad := _number(~good):
            counts.quarantined += bad
            why = judged.reasons.slice(start, stop - start).flatten().to_pylist()
            counts.reasons = dict(Counter(counts.reasons) + Counter(why))
        keys = judged.keys.slice(start, stop - start)
        if not rows.all():
            keys = keys.filter(pa.array(rows))
        if self._moment and len(keys):
            found = pc.min_max(keys[self._moment]).as_py()
            before = [moment for moment in (counts.first, counts.last) if moment is not None]
            counts.first = min([found["min"], *before])
            counts.last = max([found["max"], *before])
        if version.keys is not None:
            self._hold(version, keys)

    def _hold(self, version: _Open, keys: pa.Table) -> None:
        assert version.keys is not None  # noqa: S101 # its caller has looked
        version.keys.append(keys)
        version.size += keys.nbytes
        self._held += keys.nbytes
        while self._held > self._max_key_bytes:
            largest = max(self._open.values(), key=lambda one: one.size)
            self._held -= largest.size
            largest.keys, largest.size = None, 0

    def _close(self, path: str) -> str:
        version = self._open.pop(path, None) or self._new()
        self._held -= version.size
        counts = version.counts
        if counts.rows <= 1:
            counts.keys = counts.rows
        elif version.keys is None:
            counts.keys = None
        else:
            every = pa.concat_tables(version.keys)
            counts.keys = len(every.group_by(every.column_names, use_threads=False).aggregate([]))
        return json.dumps(asdict(counts))

    def _new(self) -> _Open:
        return _Open(Counts(broken=[0] * self._rules))


def _runs(paths: pa.Array, is_line: Marks) -> list[int]:
    """Where rows of one version and one kind begin, and the end of all rows."""
    codes = np.asarray(paths.dictionary_encode().indices) * 2 + is_line
    return [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(paths)]


def _number(marks: Marks) -> int:
    return int(np.count_nonzero(marks))
