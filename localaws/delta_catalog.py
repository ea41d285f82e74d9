"""Reads a Delta log and describes the table as the Data Catalog does: with Hive types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from localaws.errors import LocalawsError
from localaws.objects import read_object
from localaws.services import ACCOUNT

if TYPE_CHECKING:
    from deltalake import DeltaTable

_PRIMITIVES: Final = {
    "string": "string",
    "long": "bigint",
    "integer": "int",
    "short": "smallint",
    "byte": "tinyint",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
}


class DeltaError(LocalawsError):
    """A Delta table cannot be read or described; the message names its location."""


class NoDeltaTableError(DeltaError):
    """A location holds no Delta table."""


def hive_type(delta: Any) -> str:
    """Return the Hive name of a type as the Delta log spells it. Raises DeltaError.

    Source: the schema serialization of the Delta protocol, and Hive's primitive and complex types.
    """
    if isinstance(delta, str):
        if delta.startswith("decimal("):
            return delta.replace(" ", "")
        if delta in _PRIMITIVES:
            return _PRIMITIVES[delta]
    elif delta["type"] == "array":
        return f"array<{hive_type(delta['elementType'])}>"
    elif delta["type"] == "map":
        return f"map<{hive_type(delta['keyType'])},{hive_type(delta['valueType'])}>"
    elif delta["type"] == "struct":
        fields = (f"{field['name']}:{hive_type(field['type'])}" for field in delta["fields"])
        return f"struct<{','.join(fields)}>"
    raise DeltaError(f"the Data Catalog has no name for Delta's type {delta}")


@dataclass(frozen=True)
class Snapshot:
    """The newest version of a Delta table, as far as a catalog shows it."""

    location: str
    version: int
    committed: int
    """Milliseconds since 1970."""
    columns: tuple[tuple[str, str], ...]
    """Lower-case name and Hive type, those to partition by left out."""
    partition_keys: tuple[tuple[str, str], ...]

    def table_input(self, name: str, crawler: str) -> dict[str, Any]:
        """Return the TableInput for a native Delta table that `crawler` found."""

        def described(columns: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
            return [{"Name": column, "Type": kind} for column, kind in columns]

        return {
            "Name": name,
            "Owner": "owner",
            "Retention": 0,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": described(self.partition_keys),
            "Parameters": {
                "EXTERNAL": "TRUE",
                "UPDATED_BY_CRAWLER": crawler,
                "CrawlerSchemaDeserializerVersion": "1.0",
                "CrawlerSchemaSerializerVersion": "1.0",
                "classification": "delta",
                "table_type": "delta",
                "spark.sql.sources.provider": "delta",
                "spark.sql.partitionProvider": "catalog",
                "delta.lastUpdateVersion": str(self.version),
                "delta.lastCommitTimestamp": str(self.committed),
            },
            "StorageDescriptor": {
                "Location": self.location,
                "Columns": described(self.columns),
                "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
                "Compressed": False,
                "NumberOfBuckets": -1,
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                    "Parameters": {"path": self.location, "serialization.format": "1"},
                },
                "BucketColumns": [],
                "SortColumns": [],
                "Parameters": {},
                "StoredAsSubDirectories": False,
            },
        }


def open_table(location: str, environment: dict[str, str]) -> DeltaTable:
    """Open the Delta table at an S3 location. Raises NoDeltaTableError or DeltaError.

    `environment` holds the AWS_* settings of the server that the table lies on.
    """
    from deltalake import DeltaTable  # noqa: PLC0415 - 0.1 s that a start need not wait for
    from deltalake.exceptions import DeltaError as Unreadable  # noqa: PLC0415
    from deltalake.exceptions import TableNotFoundError  # noqa: PLC0415

    try:
        return DeltaTable(location, storage_options=environment)
    except TableNotFoundError:
        raise NoDeltaTableError(
            f"{location} holds no Delta table (no commit in its _delta_log): write it first"
        ) from None
    except (Unreadable, OSError) as error:
        raise DeltaError(f"{location} is no readable Delta table: {error}") from error


def _committed(location: str, version: int, region: str) -> int:
    """Return when a version was committed, in milliseconds since 1970.

    DeltaTable.history would tell too, but it holds Python's global lock while it reads, and so
    waits for ever for the server when that is in the same process.
    """
    commit = f"{location.rstrip('/')}/_delta_log/{version:020}.json"
    for line in read_object(commit, account=ACCOUNT, region=region).splitlines():
        information = json.loads(line).get("commitInfo")
        if information:
            return int(information.get("inCommitTimestamp") or information.get("timestamp", 0))
    return 0


def read_snapshot(location: str, environment: dict[str, str]) -> Snapshot:
    """Read the Delta log at an S3 location. Raises NoDeltaTableError or DeltaError."""
    table = open_table(location, environment)
    return describe(
        table, location, _committed(location, table.version(), environment["AWS_REGION"])
    )


def describe(table: DeltaTable, location: str, committed: int = 0) -> Snapshot:
    """Return the columns of an open table as the catalog names them. Raises DeltaError."""
    partitions = {name.lower() for name in table.metadata().partition_columns}
    columns: dict[str, str] = {}
    for field in json.loads(table.schema().to_json())["fields"]:
        name = field["name"].lower()
        if name in columns:
            raise DeltaError(f"{location} has two columns that are both {name} in lower case")
        columns[name] = hive_type(field["type"])
    return Snapshot(
        location=location,
        version=table.version(),
        committed=committed,
        columns=tuple(pair for pair in columns.items() if pair[0] not in partitions),
        partition_keys=tuple(pair for pair in columns.items() if pair[0] in partitions),
    )
