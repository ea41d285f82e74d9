"""Checks that the Data Catalog describes each table as the table's own Delta log does.

A catalog that lags behind its log answers queries with missing columns, or with an error long
after the run. The types come from the Delta protocol, not from whoever filled the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.aws import Aws
    from pipeline.tables import TableState

_CATALOG_TYPES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
"""Types that the Data Catalog calls otherwise than the Delta protocol does."""


def catalog_type(delta: Any) -> str:
    """Name a type of a Delta schema as the Data Catalog does; the bronze tables need no others.

    Source: "Schema Serialization Format" of the Delta protocol; AWS Glue, "Column structure".
    """
    if isinstance(delta, dict):
        if delta["type"] == "array":
            return f"array<{catalog_type(delta['elementType'])}>"
        return str(delta["type"])
    return _CATALOG_TYPES.get(delta, str(delta))


def differences(aws: Aws, database: str, tables: Mapping[str, TableState]) -> list[str]:
    """Say, a sentence each, where the catalog's `database` is not what the Delta logs say."""
    found = {
        table["Name"]: table
        for page in aws.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        for table in page["TableList"]
    }
    problems: list[str] = []
    for name, state in tables.items():
        if name not in found:
            problems.append(f"the table {name} is not in the catalog")
            continue
        storage = found[name].get("StorageDescriptor", {})
        listed = [*storage.get("Columns", []), *found[name].get("PartitionKeys", [])]
        catalog = {column["Name"]: column.get("Type", "") for column in listed}
        location = storage.get("Location", "")
        if location.rstrip("/") != state.location.rstrip("/"):
            problems.append(f"{name} lies at {state.location}, the catalog says {location}")
        problems += [
            f"{name}.{column} is {state.columns.get(column, 'absent')} in the Delta log and "
            f"{catalog.get(column, 'absent')} in the catalog"
            for column in sorted(catalog.keys() | state.columns.keys())
            if catalog.get(column) != state.columns.get(column)
        ]
    return problems
