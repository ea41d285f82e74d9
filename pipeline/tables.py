"""What each bronze table holds, read from its own Delta log."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline.catalog_check import catalog_type
from pipeline.errors import RunFailedError

if TYPE_CHECKING:
    from pipeline.aws import Aws


@dataclass(frozen=True)
class TableState:
    """A table as of its newest version."""

    rows: int
    files: int
    """Data files of that version."""
    version: int
    location: str
    columns: dict[str, str]
    """Lower-case name -> type, as the Data Catalog names types; partition columns too."""

    def as_json(self) -> dict[str, Any]:
        """Return the document that `--json` prints for the table."""
        return {name: getattr(self, name) for name in ("rows", "files", "version", "location")}


def read_tables(aws: Aws, locations: dict[str, str]) -> dict[str, TableState]:
    """Read the state of every table, in the order of `locations` (name -> s3 location).

    Raises:
        RunFailedError: a table does not exist or its log cannot be read.
    """
    options = aws.delta_options()
    with ThreadPoolExecutor(max_workers=8) as threads:
        states = threads.map(lambda name: _read(name, locations[name], options), locations)
        return dict(zip(locations, states, strict=True))


def _read(name: str, location: str, options: dict[str, str], attempts: int = 3) -> TableState:
    """Read one table's log, anew when that broke off: below here, half an answer is an error."""
    try:
        table = DeltaTable(location, storage_options=options)
        files = table.get_add_actions(flatten=True)
        columns = {
            field["name"].lower(): catalog_type(field["type"])
            for field in json.loads(table.schema().to_json())["fields"]
        }
        return TableState(_rows(table, files), files.num_rows, table.version(), location, columns)
    except TableNotFoundError as error:
        raise RunFailedError(
            f"There is no Delta table {name} at {location}. The job makes all tables before "
            "anything else: look at its log, or deploy the stack again if it is an older one."
        ) from error
    except (DeltaError, OSError) as error:
        if attempts > 1:
            return _read(name, location, options, attempts - 1)
        raise RunFailedError(
            f"The Delta log of {name} at {location} cannot be read: {error}"
        ) from error


def _rows(table: DeltaTable, files: Any) -> int:
    """Count rows from the log's statistics, or from the files where one of them has none."""
    if files.num_rows == 0:
        return 0
    if "num_records" in files.schema.names:
        counts = files.column("num_records").to_pylist()
        if None not in counts:
            return sum(counts)
    return int(table.to_pyarrow_dataset().count_rows())
