"""Runs one parsed query: finds its tables in the Data Catalog and lets DuckDB read them."""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
from moto.glue.models import glue_backends
from sqlglot import exp

from localaws import athena_sql
from localaws.athena_functions import MACROS
from localaws.athena_results import column_info, csv_line, double, printed, real
from localaws.athena_scan import Meter, dataset
from localaws.athena_sql import QueryError, position, unsupported
from localaws.athena_translation import UNNAMED, to_duckdb
from localaws.delta_catalog import Snapshot, describe, open_table
from localaws.errors import LocalawsError

_CATALOG: Final = "awsdatacatalog"
_BATCH: Final = 10_000
_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "1GB",
    "threads": "2",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_UNKNOWN_COLUMN: Final = re.compile(r'column (?:named )?"([^"]+)"')
_DUCKDB_ERRORS: Final[dict[type[duckdb.Error], str]] = {
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.BinderException: "SYNTAX_ERROR",
    duckdb.CatalogException: "FUNCTION_NOT_FOUND",
}
_ATHENA_ERROR: Final = re.compile(r"([A-Z]+(?:_[A-Z]+)+): .*", re.DOTALL)


@dataclass
class Session:
    """Where a query runs, for whom, and the way to stop it from another thread."""

    account: str
    region: str
    database: str
    environment: dict[str, str]
    meter: Meter
    cancelled: threading.Event = field(default_factory=threading.Event)
    _connection: duckdb.DuckDBPyConnection | None = None

    def cancel(self) -> None:
        """Stop the query, now or as soon as it begins."""
        self.cancelled.set()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(duckdb.ConnectionException):  # it has just ended
                connection.interrupt()

    def run(self, sql: str) -> tuple[list[dict[str, Any]], str]:
        """Run a query; return its ColumnInfos and its result as the text of a CSV object.

        Raises QueryError with Athena's words for what is wrong, or MalformedQueryError.
        """
        tree = athena_sql.parse(sql)
        connection = duckdb.connect(":memory:", config=_SETTINGS)
        try:
            self._prepare(connection, tree, sql)
            self._connection = connection
            if self.cancelled.is_set():
                raise QueryError("Query cancelled by user")
            return _execute(connection, to_duckdb(tree))
        except duckdb.Error as error:
            raise _explained(error, sql) from error
        except OverflowError as error:
            raise QueryError(str(error)) from None
        finally:
            self._connection = None
            connection.close()

    def _prepare(self, connection: duckdb.DuckDBPyConnection, tree: exp.Query, sql: str) -> None:
        """Give the connection the tables of the query, and take everything else away from it."""
        connection.execute("SET timezone = 'UTC'")
        connection.create_function("athena_double", double, ["DOUBLE"], "VARCHAR")
        for macro in MACROS:
            connection.execute(macro)
        views: dict[str, str] = {}
        for table in list(athena_sql.tables(tree)):
            entry = self._find(table, sql)
            name = f"{entry['DatabaseName']}.{entry['Name']}"
            if name not in views:
                views[name] = f"table_{len(views)}"
                self._register(connection, views[name], name, entry)
            _point(table, views[name])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")

    def _find(self, table: exp.Table, sql: str) -> dict[str, Any]:
        """Return the catalog's entry for a table of the query. Raises QueryError."""
        if not isinstance(table.this, exp.Identifier):
            raise unsupported("table functions")
        catalog, database, name = (
            part.lower()
            for part in (table.catalog or _CATALOG, table.db or self.database, table.name)
        )
        place = position(sql, table.name)
        if catalog != _CATALOG:
            raise QueryError(f"CATALOG_NOT_FOUND: {place}: Catalog '{catalog}' does not exist")
        if not database:
            raise QueryError(
                f"MISSING_SCHEMA_NAME: {place}: Schema must be specified when session schema is "
                "not set"
            )
        if database == "information_schema":
            raise unsupported("information_schema: use SHOW TABLES or DESCRIBE")
        known = glue_backends[self.account][self.region].databases.get(database)
        if known is None:
            raise QueryError(f"SCHEMA_NOT_FOUND: {place}: Schema '{database}' does not exist")
        found = known.tables.get(name)
        if found is None:
            raise QueryError(
                f"TABLE_NOT_FOUND: {place}: Table '{catalog}.{database}.{name}' does not exist"
            )
        entry: dict[str, Any] = found.as_dict()
        return entry

    def _register(
        self, connection: duckdb.DuckDBPyConnection, view: str, name: str, entry: dict[str, Any]
    ) -> None:
        """Make a view of the catalog's table `name`, with its columns. Raises QueryError."""
        location = str((entry.get("StorageDescriptor") or {}).get("Location") or "")
        parameters: dict[str, str] = entry.get("Parameters") or {}
        formats = [parameters.get("table_type"), parameters.get("spark.sql.sources.provider")]
        if not location or "delta" not in [str(name).lower() for name in formats]:
            raise unsupported(f"the table {name}: it queries native Delta tables only")
        try:
            table = open_table(location, self.environment)
            snapshot = describe(table, location)
            _compare(name, entry, snapshot)
            data = dataset(table, location, self.meter, account=self.account, region=self.region)
        except LocalawsError as error:
            raise QueryError(f"DELTA_LAKE_BAD_DATA: {error}") from error
        connection.register(f"{view}_files", data)
        columns = ", ".join(
            f'{_in_utc(column.name, str(column.type))} AS "{column.name.lower()}"'
            for column in data.schema
        )
        connection.execute(f'CREATE VIEW {view} AS SELECT {columns} FROM "{view}_files"')  # noqa: S608


def _in_utc(column: str, kind: str) -> str:
    """Return the expression that reads a column: timestamps in UTC and whole milliseconds."""
    quoted = '"' + column.replace('"', '""') + '"'
    if not kind.startswith("timestamp"):
        return quoted
    local = f"{quoted} AT TIME ZONE 'UTC'" if "tz=" in kind else quoted
    return f"CAST(date_trunc('milliseconds', {local}) AS TIMESTAMP)"


def _compare(name: str, entry: dict[str, Any], snapshot: Snapshot) -> None:
    """Raise QueryError when the catalog's columns are not those of the Delta log."""
    described = [
        *(entry["StorageDescriptor"].get("Columns") or []),
        *(entry.get("PartitionKeys") or []),
    ]
    catalog = {column["Name"].lower(): column["Type"] for column in described}
    log = {**dict(snapshot.columns), **dict(snapshot.partition_keys)}
    different = sorted(
        column for column in catalog.keys() | log.keys() if catalog.get(column) != log.get(column)
    )
    if different:
        raise QueryError(
            f"HIVE_METASTORE_ERROR: the Data Catalog and the Delta log of {name} differ in "
            f"{', '.join(different)}: run the crawler again"
        )


def _point(table: exp.Table, view: str) -> None:
    """Let a mention of a table mean `view`, under the name the query knows it by."""
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    for part in ("db", "catalog"):
        table.set(part, None)
    table.set("this", exp.to_identifier(view))


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[dict[str, Any]], str]:
    """Run DuckDB's SQL; return the ColumnInfos and the CSV text with its header."""
    connection.execute(sql)
    described = connection.description or []
    infos = [
        column_info(f"_col{number}" if name == UNNAMED else name.lower(), kind)
        for number, (name, kind, *_) in enumerate(described)
    ]
    printers = [real if info["Type"] == "float" else printed for info in infos]
    lines = [csv_line(info["Name"] for info in infos)]
    while rows := connection.fetchmany(_BATCH):
        lines += [
            csv_line(show(value) for show, value in zip(printers, row, strict=True)) for row in rows
        ]
    return infos, "\n".join(lines) + "\n"


def _explained(error: duckdb.Error, sql: str) -> QueryError:
    """Return DuckDB's error in Athena's words, without the translated query."""
    message = str(error).partition("\n\nLINE ")[0].strip()
    own = _ATHENA_ERROR.search(message)
    if own:
        return QueryError(own[0])
    if "ivision by zero" in message:
        return QueryError("DIVISION_BY_ZERO: Division by zero")
    unknown = _UNKNOWN_COLUMN.search(message)
    if isinstance(error, duckdb.BinderException) and unknown:
        column = unknown[1]
        return QueryError(
            f"COLUMN_NOT_FOUND: {position(sql, column)}: Column '{column}' cannot be resolved"
        )
    name = _DUCKDB_ERRORS.get(type(error), "GENERIC_USER_ERROR")
    return QueryError(f"{name}: {message.partition(': ')[2] or message}")
