"""The SQL of the reference: the contract and the tables' definitions in DuckDB's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark.contract import LOG_SOURCE, SONG_SOURCE
from spark.tables import LINEAGE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spark.contract import Field, Source

_LINEAGE = ", ".join(name for name, _ in LINEAGE)
_INTEGER = "^-?[0-9]{1,19}$"
_DECIMAL = "^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"


def parse(source: Source) -> str:
    """Create the table of a source's records from the view `lines`."""
    paths = ", ".join(f"'$.{field.name}'" for field in source.fields)
    given = ", ".join(
        f"v[{n}] AS raw_{f.column}, trim(v[{n}]) AS given_{f.column}, "
        f"coalesce(kinds[{n}] IN ('ARRAY', 'OBJECT'), false) AS nested_{f.column}"
        for n, f in enumerate(source.fields, start=1)
    )
    typed = ", ".join(f"{_typed(field, source)} AS {field.column}" for field in source.fields)
    reasons = ", ".join(_reasons(source))
    columns = ", ".join(field.column for field in source.fields)
    return f"""
    CREATE TABLE {source.name} AS
    WITH read AS (
        SELECT source_path, source_etag, make_timestamp(source_us) AS source_modified, raw,
            sha256(raw) AS record_hash,
            ltrim(raw)[1] = '{{' AND json_valid(raw) AS is_object,
            CASE WHEN is_object THEN json_extract_string(raw, [{paths}]) END AS v,
            CASE WHEN is_object AND (contains(raw, '[') OR contains(ltrim(raw)[2:], '{{'))
            THEN json_type(raw, [{paths}]) END AS kinds
        FROM lines),
    given AS (SELECT * EXCLUDE (v, kinds), {given} FROM read),
    typed AS (SELECT *, {typed} FROM given),
    judged AS (
        SELECT *, {_kept(source)} AS kept,
            CASE WHEN is_object THEN list_filter([{reasons}], lambda reason: reason IS NOT NULL)
            ELSE ['line: not one JSON object'] END AS reasons
        FROM typed)
    SELECT {_LINEAGE}, {columns}, kept, reasons, len(reasons) = 0 AS good,
        CASE WHEN len(reasons) > 0 THEN raw END AS raw
    FROM judged"""


def _kept(source: Source) -> str:
    if source.kept_only is None:
        return "true"
    column, value = source.kept_only
    return f"coalesce({column} = '{value}', false)"


def _typed(field: Field, source: Source) -> str:
    given = f"given_{field.column}"
    if field.kind == "text":
        is_key = field.required or field.column in source.key
        value = given if is_key else f"raw_{field.column}"
        return f"CASE WHEN NOT nested_{field.column} THEN {value} END"
    kind, pattern = ("bigint", _INTEGER) if field.kind == "integer" else ("double", _DECIMAL)
    value = f"try_cast(CASE WHEN regexp_matches({given}, '{pattern}') THEN {given} END AS {kind})"
    bounds = [f"{value} {sign} {bound}" for sign, bound in _bounds(field)]
    return f"CASE WHEN {' AND '.join(bounds) or 'true'} THEN {value} END"


def _bounds(field: Field) -> list[tuple[str, float]]:
    pairs = ((">=", field.minimum), ("<=", field.maximum))
    return [(sign, bound) for sign, bound in pairs if bound is not None]


def _reasons(source: Source) -> list[str]:
    reasons = []
    for field in source.fields:
        given = f"coalesce(given_{field.column}, '')"
        missing = f"THEN '{field.name}: missing' END"
        if field.required:
            reasons.append(f"CASE WHEN {given} = '' {missing}")
        elif field.column in source.key:
            reasons.append(f"CASE WHEN {_kept(source)} AND {given} = '' {missing}")
        if field.kind == "text":
            reasons.append(f"CASE WHEN nested_{field.column} THEN '{field.name}: not a text' END")
        else:
            kind = "a whole number" if field.kind == "integer" else "a number"
            limits = [
                f"{float(b)}" if field.kind == "decimal" else f"{b}" for _, b in _bounds(field)
            ]
            allowed = f" from {limits[0]} to {limits[1]}" if len(limits) == 2 else ""
            reasons.append(
                f"CASE WHEN {given} <> '' AND {field.column} IS NULL "
                f"THEN '{field.name}: not {kind}{allowed}' END"
            )
    return reasons


def accounts(source: Source) -> str:
    """Create the table of a source's accounts from its records and the view `listed`."""
    key = ", ".join(source.key)
    return f"""
    CREATE TABLE {source.name}_accounts AS
    WITH records AS (
        SELECT source_path, count(*) AS records_read, count(*) FILTER (good AND kept) AS kept_rows,
            count(*) FILTER (good AND NOT kept) AS ignored,
            count(*) FILTER (NOT good) AS quarantined
        FROM {source.name} GROUP BY source_path),
    keys AS (
        SELECT source_path, count(*) AS kept
        FROM (SELECT DISTINCT source_path, {key} FROM {source.name} WHERE good AND kept)
        GROUP BY source_path)
    SELECT source_path, source_etag, make_timestamp(source_us) AS source_modified, size,
        coalesce(records_read, 0) AS records_read, coalesce(kept, 0) AS kept,
        coalesce(ignored, 0) AS ignored, coalesce(quarantined, 0) AS quarantined,
        coalesce(kept_rows, 0) - coalesce(kept, 0) AS duplicates
    FROM listed LEFT JOIN records USING (source_path) LEFT JOIN keys USING (source_path)"""


def greater(rank: tuple[str, ...]) -> str:
    """SQL: whether the rank of `s` is greater than that of `t`."""
    return (
        f"({', '.join(f's.{name}' for name in rank)}) > ({', '.join(f't.{name}' for name in rank)})"
    )


def rows(table: Table, settings: Mapping[str, object]) -> str:
    """The rows that the staged records bring to a table; from `catalog`, songs as they will be."""
    body = _ROWS[table.name].format(lineage=_LINEAGE, **settings)
    if table.name in {"songs", "artists", "users"}:
        body = _newest(body, table.key, table.rank)
    # DuckDB knows time zones in an extension only: moments are naive UTC until they are written.
    columns = ", ".join(
        f"make_timestamptz(epoch_us({name})) AS {name}" if kind == "timestamp" else name
        for name, kind in table.columns
    )
    return f"SELECT {columns} FROM ({body})"


def _newest(body: str, key: tuple[str, ...], rank: tuple[str, ...]) -> str:
    """The row of the highest rank of each key; as in the job, only repeated keys are ranked."""
    keys = ", ".join(key)
    order = ", ".join(f"{name} DESC" for name in rank)
    return f"""
    WITH rows AS MATERIALIZED ({body}),
    repeated AS (SELECT {keys} FROM rows GROUP BY {keys} HAVING count(*) > 1)
    SELECT * FROM rows ANTI JOIN repeated USING ({keys})
    UNION ALL
    SELECT * FROM (SELECT * FROM rows SEMI JOIN repeated USING ({keys})
        QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1)"""


_PLAYS = _newest(
    "SELECT * FROM logs WHERE good AND kept", LOG_SOURCE.key, tuple(name for name, _ in LINEAGE)
)

_ROWS = {
    "quarantined_records": """
        SELECT {lineage}, min(raw) AS raw, first(reasons) AS reasons, count(*) AS occurrences,
            {contract_version}::int AS contract_version, '{run_id}' AS run_id,
            make_timestamp({now}) AS quarantined_at
        FROM (SELECT {lineage}, raw, reasons FROM songs WHERE NOT good
            UNION ALL SELECT {lineage}, raw, reasons FROM logs WHERE NOT good)
        GROUP BY {lineage}""",
    "songplays": f"""
        WITH plays AS MATERIALIZED ({_PLAYS}),
        chosen AS (
            SELECT artist, song, _length, coalesce(
                min(c.song_id) FILTER (c.duration = _length), min(c.song_id)) AS song_id
            FROM (SELECT DISTINCT artist, song, coalesce(length, -1) AS _length FROM plays) p
            JOIN catalog c ON c.artist_name = p.artist AND c.title = p.song
            GROUP BY ALL),
        known AS (SELECT chosen.*, c.artist_id FROM chosen JOIN catalog c USING (song_id))
        SELECT plays.*, known.song_id, known.artist_id, make_timestamp(ts * 1000) AS start_time,
            year(start_time)::int AS year, month(start_time)::int AS month,
            sha256(concat_ws(chr(31), user_id, session_id, item_in_session, ts)) AS songplay_id
        FROM plays LEFT JOIN known ON plays.artist = known.artist AND plays.song = known.song
            AND coalesce(plays.length, -1) = known._length""",
    "songs": "SELECT * REPLACE (year::int AS year) FROM songs WHERE good AND kept",
    "artists": "SELECT * FROM songs WHERE good AND kept",
    "users": """
        WITH plays AS MATERIALIZED (
            SELECT user_id, first_name, last_name, gender, level, ts AS event_ts, {lineage}
            FROM logs WHERE good AND kept),
        last AS (SELECT user_id, max(event_ts) AS event_ts FROM plays GROUP BY user_id)
        SELECT * FROM plays SEMI JOIN last USING (user_id, event_ts)""",
    "time": """
        SELECT start_time, hour(start_time)::int AS hour, day(start_time)::int AS day,
            week(start_time)::int AS week, month(start_time)::int AS month,
            year(start_time)::int AS year, (dayofweek(start_time) + 1)::int AS weekday
        FROM (SELECT DISTINCT make_timestamp(ts * 1000) AS start_time FROM logs
            WHERE good AND kept)""",
    "ingested_files": """
        SELECT *, 'ingested' AS status, NULL::varchar AS error, 1::int AS attempts,
            {contract_version}::int AS contract_version, '{run_id}' AS run_id,
            '{run_id}' AS batch, make_timestamp({now}) AS ingested_at,
            NULL::bigint AS from_quarantine
        FROM (FROM songs_accounts UNION ALL FROM logs_accounts)""",
}

ROWS = tuple(_ROWS)
"""The tables in the order in which the reference writes them."""

CATALOG = _newest(_ROWS["songs"], SONG_SOURCE.key, tuple(name for name, _ in LINEAGE))
"""The songs that the staged records bring."""
