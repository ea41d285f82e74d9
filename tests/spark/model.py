"""What the law says the tables are: computed from a set of object versions, in plain Python.

No order, no batches, no crashes: a version is a path, bytes and a time, and the tables follow from
all of them at once. Slow and simple on purpose; shares with the job only the contract's data.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from spark.contract import CONTRACT_VERSION, LOG_SOURCE, SONG_SOURCE, Field, Source

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Record = dict[str, Any]
Rows = list[Record]
_NUMBER = {"integer": r"-?[0-9]{1,19}", "decimal": r"-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?"}
CUT = "the gzip was cut short (EOFError)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Version:
    """One content of one object; `modified` is in seconds since 1970."""

    key: str
    body: bytes
    modified: int

    @property
    def etag(self) -> str:
        """What S3 calls this content."""
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()

    @property
    def source(self) -> Source:
        """The source by the folder that the key lies in."""
        return SONG_SOURCE if self.key.startswith(SONG_SOURCE.folders) else LOG_SOURCE

    @property
    def is_cut(self) -> bool:
        """Whether it is a gzip of which the end is missing."""
        try:
            self.lines  # noqa: B018 # it is the reading that tells
        except EOFError:
            return True
        return False

    @property
    def lines(self) -> list[str]:
        """The lines that are not blank."""
        text = (gzip.decompress(self.body) if self.key.endswith(".gz") else self.body).decode()
        return [line for line in text.split("\n") if line.strip()]

    @property
    def is_too_bad(self) -> bool:
        """Whether nothing of it goes anywhere before somebody accepts it."""
        if self.is_cut:
            return False
        bad = sum(bool(_judge(line, self.source)[1]) for line in self.lines)
        return bad >= 20 and bad > len(self.lines) / 2


def tables(versions: set[Version], held: AbstractSet[Version] = frozenset()) -> dict[str, Rows]:
    """Each table's rows, in the order of their keys, timestamps in microseconds.

    Of the versions, those that are `held` have an account and bring nothing.
    """
    kept: dict[str, Rows] = {"songs": [], "logs": []}
    quarantined: dict[tuple[object, ...], Record] = {}
    ledger: Rows = []
    for version in versions:
        source = version.source
        counts = {"kept": 0, "ignored": 0, "quarantined": 0, "duplicates": 0}
        keys = set()
        status, error = ("failed", CUT) if version.is_cut else ("ingested", None)
        lines = [] if version.is_cut else version.lines
        for line in lines:
            record, reasons = _judge(line, source)
            lineage = _lineage(version, line)
            if reasons:
                bad = lineage | {"raw": line, "reasons": reasons, "occurrences": 0}
                if version not in held:
                    quarantined.setdefault(tuple(lineage.values()), bad)["occurrences"] += 1
                counts["quarantined"] += 1
            elif source is LOG_SOURCE and record["page"] != "NextSong":
                counts["ignored"] += 1
            else:
                key = tuple(record[part] for part in source.key)
                counts["duplicates" if key in keys else "kept"] += 1
                keys.add(key)
                if version not in held:
                    kept[source.name].append(record | lineage)
        if version in held:
            bad_of_all = f"{counts['quarantined']} of {len(lines)}"
            status, error = "held", f"{bad_of_all} records break the contract"
        ledger.append(
            {
                "source_path": f"landing/{version.key}",
                "source_etag": version.etag,
                "source_modified": version.modified * 1_000_000,
                "size": len(version.body),
                "status": status,
                "records_read": len(lines),
                **counts,
                "error": error,
            }
        )
    found = _five(kept["songs"], kept["logs"])
    found["quarantined_records"] = list(quarantined.values())
    found["ingested_files"] = ledger
    for row in found["quarantined_records"]:
        row["contract_version"] = CONTRACT_VERSION
    return found


def _judge(line: str, source: Source) -> tuple[Record, list[str]]:
    """The line's values by column, and why it is no good, in the order of the contract."""
    try:
        given = json.loads(line, parse_int=str, parse_float=str)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return {}, ["line: not one JSON object"]
    record: Record = {}
    reasons = []
    is_kept = source is SONG_SOURCE or (given.get("page") or "").strip() == "NextSong"
    for field in source.fields:
        text = given.get(field.name)
        if isinstance(text, list | dict):
            record[field.column] = None
            reasons.append(f"{field.name}: not a text" if field.kind == "text" else field.name)
            continue
        trimmed = (text or "").strip(" ")
        is_key = field.required or field.column in source.key
        if field.kind == "text":
            record[field.column] = (trimmed if text is not None else None) if is_key else text
        else:
            record[field.column] = _number(trimmed, field)
            if trimmed and record[field.column] is None:
                reasons.append(field.name)
        if not trimmed and (field.required or (is_key and is_kept)):
            reasons.append(f"{field.name}: missing")
    return record, reasons


def _number(text: str, field: Field) -> float | None:
    if not re.fullmatch(_NUMBER[field.kind], text):
        return None
    value = int(text) if field.kind == "integer" else float(text)
    assert field.minimum is not None
    assert field.maximum is not None
    return value if field.minimum <= value <= field.maximum else None


def _lineage(version: Version, line: str) -> Record:
    return {
        "source_modified": version.modified * 1_000_000,
        "source_path": f"landing/{version.key}",
        "source_etag": version.etag,
        "record_hash": hashlib.sha256(line.encode()).hexdigest(),
    }


def _rank(row: Record) -> tuple[Any, ...]:
    names = ("source_modified", "source_path", "source_etag", "record_hash")
    return tuple(row[name] for name in names)


def _pick(row: Record, *columns: str) -> Record:
    return {name: row[name] for name in columns} | _lineage_of(row)


def _lineage_of(row: Record) -> Record:
    return dict(
        zip(
            ("source_modified", "source_path", "source_etag", "record_hash"),
            _rank(row),
            strict=True,
        )
    )


def _five(songs: Rows, logs: Rows) -> dict[str, Rows]:
    """The five tables. A later entry of a dict takes an earlier one's place: the newest wins."""
    song_of: dict[str, Record] = {}
    artist_of: dict[str, Record] = {}
    for row in sorted(songs, key=_rank):
        names = ("song_id", "title", "artist_id", "artist_name", "year", "duration")
        song_of[row["song_id"]] = _pick(row, *names)
        place = ("artist_location", "artist_latitude", "artist_longitude")
        artist_of[row["artist_id"]] = _pick(row, "artist_id", "artist_name", *place)
    user_of: dict[str, Record] = {}
    for row in sorted(logs, key=lambda row: (row["ts"], _rank(row))):
        user = _pick(row, "user_id", "first_name", "last_name", "gender", "level")
        user_of[row["user_id"]] = user | {"event_ts": row["ts"]}
    play_of: dict[str, Record] = {}
    for row in sorted(logs, key=_rank):
        play = _play(row, song_of)
        play_of[play["songplay_id"]] = play
    time_of = {row["ts"]: _moment(row["ts"]) for row in logs}
    return {
        "songs": list(song_of.values()),
        "artists": list(artist_of.values()),
        "users": list(user_of.values()),
        "time": list(time_of.values()),
        "songplays": list(play_of.values()),
    }


def _play(row: Record, song_of: dict[str, Record]) -> Record:
    key = "\u001f".join(str(row[part]) for part in LOG_SOURCE.key)
    candidates = [
        song
        for song in song_of.values()
        if None not in (row["artist"], row["song"])
        and (song["artist_name"], song["title"]) == (row["artist"], row["song"])
    ]
    # Equal duration first, then the lowest id.
    candidates.sort(
        key=lambda s: (row["length"] is None or s["duration"] != row["length"], s["song_id"])
    )
    best = candidates[0] if candidates else {"song_id": None, "artist_id": None}
    moment = _moment(row["ts"])
    columns = ("user_id", "level", "session_id", "item_in_session", "artist", "song", "length")
    return _pick(row, *columns, "location", "user_agent") | {
        "songplay_id": hashlib.sha256(key.encode()).hexdigest(),
        "start_time": moment["start_time"],
        "song_id": best["song_id"],
        "artist_id": best["artist_id"],
        "year": moment["year"],
        "month": moment["month"],
    }


def _moment(milliseconds: int) -> Record:
    """A row of `time`: the ISO week, and weekdays from Sunday = 1."""
    start = _EPOCH + timedelta(milliseconds=milliseconds)
    return {
        "start_time": milliseconds * 1000,
        "hour": start.hour,
        "day": start.day,
        "week": start.isocalendar().week,
        "month": start.month,
        "year": start.year,
        "weekday": start.isoweekday() % 7 + 1,
    }


def differences(
    said: dict[str, Rows], expected: dict[str, Rows]
) -> dict[str, dict[str, list[str]]]:
    """For each table that says something else than expected: its rows too many, and the missing.

    A column that the model does not know is not compared, and of the reasons of a bad record only
    that there are as many and, of a missing field, which; of those of a held object, none.
    """
    found = {}
    for name, rows in expected.items():
        known = set(rows[0]) if rows else set()
        have = {_text(row, known) for row in said[name]}
        want = {_text(row, known) for row in rows}
        if have != want or len(said[name]) != len(rows):
            found[name] = {
                "too many": sorted(have - want),
                "missing": sorted(want - have),
            }
    return found


def _text(row: Record, known: set[str]) -> str:
    """A row as text, to be compared and shown."""
    row = {name: value for name, value in row.items() if name in known}
    if "reasons" in row:
        row["reasons"] = [
            text if text.endswith(("missing", "object")) else text.partition(":")[0]
            for text in row["reasons"]
        ]
    if row.get("status") == "held":
        row["error"] = row["error"].partition(": ")[0]
    return json.dumps(row, sort_keys=True, ensure_ascii=False)
