"""Care of the tables by delta-rs, for the embedded engine: compaction, vacuum, restore, schema."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Field, WriterProperties
from deltalake.exceptions import DeltaError
from deltalake.schema import ArrayType, PrimitiveType

from spark.care import TARGET_BYTES, Live
from spark.errors import CareError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from spark.tables import Column

_DELTA_NAMES = {"tinyint": "byte", "smallint": "short", "int": "integer", "bigint": "long"}
"""Spark SQL's names of types where the Delta protocol has others."""

_SQL_NAMES = {delta: sql for sql, delta in _DELTA_NAMES.items()}


class DeltaRs:
    """Care of the tables without a JVM; see `spark.care.Care`. The environment leads it to S3."""

    def __init__(self, run_id: str) -> None:
        self._mark = CommitProperties(custom_metadata={"userMetadata": run_id})

    def live(self, location: str) -> Live:
        """What the newest version consists of."""
        with _told("read", location):
            table = DeltaTable(location)
            sizes = table.get_add_actions(flatten=True).column("size_bytes").to_pylist()
            return Live(table.version(), len(sizes), sum(sizes))

    def compact(self, location: str) -> None:
        """Put the small files of each partition together, in one commit; rows stay as they are.

        Raises CareError also when another writer committed meanwhile; then nothing has changed.
        """
        with _told("compact", location):
            table = DeltaTable(location)
            read = table.version()
            table.optimize.compact(
                target_size=TARGET_BYTES,
                writer_properties=WriterProperties(compression="SNAPPY"),
                commit_properties=self._mark,
            )
            written = table.version()
            if written > read + 1:
                # delta-rs takes two compactions of the same files for compatible and keeps both
                # results: every row would be there twice.
                table.restore(written - 1, commit_properties=self._mark)
        if written > read + 1:
            raise CareError(
                f"Another writer committed to {location} while it was compacted. The compaction "
                f"was taken back and no row has changed. Find the writer that works without the "
                f"lease, then start the maintenance again."
            )

    def vacuum(self, location: str, hours: int) -> None:
        """Delete the files that no version of the last `hours` needs, aborted writes' too."""
        with _told("vacuum", location):
            DeltaTable(location).vacuum(
                hours,
                dry_run=False,
                enforce_retention_duration=False,  # `spark.arguments` has the guard
                full=True,
                commit_properties=self._mark,
            )

    def delete_older(self, location: str, column: str, before: datetime) -> None:
        """Delete the rows whose timestamp in `column` is before the moment, which is in UTC."""
        # Delta's timestamps have microseconds and a zone; delta-rs compares with nothing else.
        kind = 'Timestamp(Microsecond, Some("UTC"))'
        condition = f"{column} < arrow_cast('{before:%Y-%m-%dT%H:%M:%SZ}', '{kind}')"
        with _told("delete from", location):
            DeltaTable(location).delete(condition, commit_properties=self._mark)

    def files_at(self, location: str, version: int) -> set[str]:
        """The data files of a version, as paths below the location."""
        with _told(f"read version {version} of", location):
            uris = DeltaTable(location, version=version).file_uris()
            return {unquote(uri).removeprefix(f"{location}/") for uri in uris}

    def restore(self, location: str, version: int) -> None:
        """Make an earlier version the newest, in one commit."""
        with _told(f"restore version {version} of", location):
            DeltaTable(location).restore(version, commit_properties=self._mark)

    def properties(self, location: str) -> dict[str, str]:
        """The table's properties."""
        with _told("read", location):
            return dict(DeltaTable(location).metadata().configuration)

    def columns(self, location: str) -> dict[str, str]:
        """The table's columns: name -> type, as Spark SQL writes it."""
        with _told("read", location):
            fields = DeltaTable(location).schema().fields
        return {field.name: _sql_type(field.type) for field in fields}

    def add_columns(self, location: str, columns: Sequence[Column]) -> None:
        """Add columns at the end, null in every row that is there; known ones stay."""
        fields = [
            Field(name, PrimitiveType(_DELTA_NAMES.get(kind, kind))) for name, kind in columns
        ]
        with _told("add columns to", location):
            DeltaTable(location).alter.add_columns(fields, commit_properties=self._mark)

    def set_properties(self, location: str, properties: Mapping[str, str]) -> None:
        """Set properties of the table; others stay."""
        with _told("set properties of", location):
            DeltaTable(location).alter.set_table_properties(
                dict(properties), raise_if_not_exists=False, commit_properties=self._mark
            )


def _delta_type(kind: str) -> PrimitiveType | ArrayType:
    if kind.startswith("array<"):
        return ArrayType(_delta_type(kind[len("array<") : -1]), contains_null=True)
    return PrimitiveType(_DELTA_NAMES.get(kind, kind))


def _sql_type(kind: object) -> str:
    if isinstance(kind, ArrayType):
        return f"array<{_sql_type(kind.element_type)}>"
    if isinstance(kind, PrimitiveType):
        return _SQL_NAMES.get(kind.type, kind.type)
    return str(kind)


@contextmanager
def _told(verb: str, location: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError, ValueError) as error:
        # What follows the first line is a trace of delta-rs's own.
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise CareError(
            f"delta-rs cannot {verb} {location}: {reason}. If another writer is at work, wait for "
            f"it; then start the run again."
        ) from error
