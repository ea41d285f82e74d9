"""Contender (c): the same tables, counts, quarantine and ledger by DuckDB and delta-rs.

The fastest tools of one machine, bound to none of the job's promises about crashes: no lease, no
stage, no manifest, no cluster. It reads objects through the job's own GETs, so that what is
compared is the work on them. Its tables must have the same content as the job's, row by row.
"""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from benchmarks import reference_sql as sql
from benchmarks.landing import BUCKET
from localaws.arrow_dataset import QueriedDataset
from spark.contract import CONTRACT_VERSION, SOURCES, Source
from spark.gets import Gets
from spark.reader import microseconds
from spark.steps import Steps
from spark.storage import ObjectVersion, Storage, client, split
from spark.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

_AHEAD = 8
_BATCH = 256
"""Objects whose lines make one batch of rows."""
_LINES = pa.schema(
    [
        ("source_path", pa.string()),
        ("source_etag", pa.string()),
        ("source_us", pa.int64()),
        ("raw", pa.string()),
    ]
)
_BY_NAME = {table.name: table for table in TABLES}


def run(session: object, lake: str) -> dict[str, float]:
    """Bring what is new in the landing zone into the lake; the seconds of each step."""
    del session  # DuckDB is in this process
    load = _Load(lake)
    with load.steps("list"):
        new = load.pending()
    if new:
        for source in SOURCES:
            with load.steps(f"stage {source.name}"):
                load.stage(source, [v for v in new if _is_of(v, source)])
        load.write_tables()
    return load.steps.as_json()


def _is_of(version: ObjectVersion, source: Source) -> bool:
    return split(version.path)[1].startswith(source.folders)


class _Load:
    """One load into one lake."""

    def __init__(self, lake: str) -> None:
        self.lake = lake
        self.steps = Steps()
        self.run_id = uuid4().hex
        self.storage = Storage(client())
        self.gets = Gets(self.storage.s3)
        self.db = duckdb.connect()
        self.found: dict[str, DeltaTable | None] = {}
        for table in TABLES:
            location = self.location(table)
            exists = DeltaTable.is_deltatable(location)
            self.found[table.name] = DeltaTable(location) if exists else None

    def location(self, table: Table) -> str:
        """Where the table lies."""
        return f"s3://{self.lake}/bronze/{table.name}"

    def pending(self) -> list[ObjectVersion]:
        """The versions in the landing zone that the ledger does not have."""
        listed = list(self.storage.list(f"s3://{BUCKET}/"))
        ledger = self.found["ingested_files"]
        if ledger is None:
            return listed
        self.db.register("ledger", QueriedDataset.of(ledger.to_pyarrow_dataset()))
        known = set(
            self.db.sql(
                "SELECT source_path, source_etag, epoch_us(source_modified) FROM ledger"
            ).fetchall()
        )
        return [v for v in listed if (v.path, v.etag, microseconds(v.modified)) not in known]

    def stage(self, source: Source, versions: list[ObjectVersion]) -> None:
        """Parse the versions' records into a table of the source's name, with their accounts."""
        lines = pa.RecordBatchReader.from_batches(_LINES, self._lines(versions))
        self.db.register("lines", lines)
        self.db.execute(sql.parse(source))
        self.db.unregister("lines")
        listed = {
            "source_path": [v.path for v in versions],
            "source_etag": [v.etag for v in versions],
            "source_us": [microseconds(v.modified) for v in versions],
            "size": pa.array([v.size for v in versions], pa.int64()),
        }
        self.db.register("listed", pa.table(listed))
        self.db.execute(sql.accounts(source))
        self.db.unregister("listed")

    def _lines(self, versions: list[ObjectVersion]) -> Iterator[pa.RecordBatch]:
        with ThreadPoolExecutor(_AHEAD) as pool:
            for start in range(0, len(versions), _BATCH):
                some = versions[start : start + _BATCH]
                if len({v.size > 1_000_000 for v in some}) == 1 and some[0].size > 1_000_000:
                    # Large objects one by one, or all of them would be in memory at once.
                    for version in some:
                        yield _batch([version], [self._read(version)])
                else:
                    yield _batch(some, list(pool.map(self._read, some)))

    def _read(self, version: ObjectVersion) -> list[bytes]:
        bucket, key = split(version.path)
        answer = self.gets.get(bucket, key, if_match=f'"{version.etag}"')
        if answer is None:
            raise RuntimeError(f"{version.path} changed or went while the benchmark was running")
        body = answer.read()
        text = gzip.decompress(body) if key.endswith(".gz") else body
        lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return [line.removesuffix(b"\r") for line in lines if line and not line.isspace()]

    def write_tables(self) -> None:
        """Write or merge every table, the ledger last."""
        songs = self.found["songs"]
        if songs is None:
            self.db.execute(f"CREATE TABLE catalog AS {sql.CATALOG}")
        else:
            self.db.register("catalog", QueriedDataset.of(songs.to_pyarrow_dataset()))
        for name in sql.ROWS:
            with self.steps(f"write {name}"):
                self._write(_BY_NAME[name])

    def _write(self, table: Table) -> None:
        now = datetime.now(UTC)
        settings = {
            "contract_version": CONTRACT_VERSION,
            "run_id": self.run_id,
            "now": microseconds(now),
        }
        rows = self.db.sql(sql.rows(table, settings))
        old = self.found[table.name]
        if old is None:
            write_deltalake(
                self.location(table),
                rows.to_arrow_reader(),
                partition_by=list(table.partitioned_by) or None,
            )
            return
        if table.name in {"songs", "artists"}:
            if not rows.limit(1).fetchall():
                return
            raise RuntimeError("The reference takes no songs after plays: it matches none again")
        if table.name in {"time", "ingested_files"}:
            self.db.register("old", QueriedDataset.of(old.to_pyarrow_dataset()))
            same = " AND ".join(f"old.{name} = new.{name}" for name in table.key)
            left = self.db.sql(
                f"SELECT * FROM ({rows.sql_query()}) new WHERE NOT EXISTS "
                f"(SELECT 1 FROM old WHERE {same})"
            )
            write_deltalake(old, left.to_arrow_reader(), mode="append")
            return
        self._merge(table, old, rows.to_arrow_table())

    def _merge(self, table: Table, old: DeltaTable, rows: Any) -> None:
        on = " AND ".join(f"t.{name} = s.{name}" for name in table.key)
        if table.partitioned_by:
            months = {(r["year"], r["month"]) for r in rows.select(["year", "month"]).to_pylist()}
            named = " OR ".join(f"(t.year = {y} AND t.month = {m})" for y, m in sorted(months))
            on += f" AND ({named or 'false'})"
        merge = old.merge(rows, on, source_alias="s", target_alias="t")
        if table.rank:
            merge = merge.when_matched_update_all(sql.greater(table.rank))
        merge.when_not_matched_insert_all().execute()


def _batch(versions: list[ObjectVersion], read: list[list[bytes]]) -> pa.RecordBatch:
    columns: list[list[Any]] = [[], [], [], []]
    for version, lines in zip(versions, read, strict=True):
        columns[0] += [version.path] * len(lines)
        columns[1] += [version.etag] * len(lines)
        columns[2] += [microseconds(version.modified)] * len(lines)
        columns[3] += lines
    raw = pa.array(columns[3], pa.binary()).cast(pa.string())
    return pa.record_batch([*map(pa.array, columns[:3]), raw], schema=_LINES)
