"""Athena's view of the Glue Data Catalog: the catalog AwsDataCatalog, its databases and tables.

moto gives Athena databases of its own, which know nothing of Glue's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.athena.exceptions import MetadataException
from moto.athena.models import AthenaBackend
from moto.athena.responses import AthenaResponse
from moto.core.utils import unix_time
from moto.glue.models import GlueBackend, glue_backends

from localaws.patching import replace

if TYPE_CHECKING:
    from moto.glue.models import FakeDatabase, FakeTable

    from localaws.services import Services

CATALOG: Final = "AwsDataCatalog"


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Let Athena's metadata calls answer from Glue."""
    list_catalogs, get_catalog = AthenaBackend.list_data_catalogs, AthenaBackend.get_data_catalog

    def list_data_catalogs(self: AthenaBackend) -> list[dict[str, str]]:
        return [{"CatalogName": CATALOG, "Type": "GLUE"}, *list_catalogs(self)]

    def get_data_catalog(self: AthenaBackend, name: str) -> Any:
        if name == CATALOG:
            parameters = {"catalog-id": self.account_id}
            return {"Name": CATALOG, "Type": "GLUE", "Parameters": parameters}
        return get_catalog(self, name)

    replace(AthenaBackend, get_data_catalog=get_data_catalog, list_data_catalogs=list_data_catalogs)
    replace(
        AthenaResponse,
        get_database=get_database,
        get_table_metadata=get_table_metadata,
        list_databases=list_databases,
        list_table_metadata=list_table_metadata,
    )


def _glue(response: AthenaResponse) -> GlueBackend:
    catalog = response._get_param("CatalogName")
    if catalog.lower() != CATALOG.lower():
        raise MetadataException(f"localaws reads the catalog {CATALOG} only, not {catalog}")
    backend: GlueBackend = glue_backends[response.current_account][response.region]
    return backend


def _find_database(response: AthenaResponse) -> FakeDatabase:
    name = response._get_param("DatabaseName")
    database = _glue(response).databases.get(name.lower())
    if database is None:
        raise MetadataException(f"Database {name} not found")
    return database


def _database(database: FakeDatabase) -> dict[str, Any]:
    return {
        "Name": database.name,
        "Description": database.input.get("Description", ""),
        "Parameters": database.input.get("Parameters", {}),
    }


def _table(table: FakeTable) -> dict[str, Any]:
    shown = table.as_dict()
    storage = shown.get("StorageDescriptor", {})
    parameters = {**shown.get("Parameters", {})}
    if storage.get("Location"):
        parameters["location"] = storage["Location"]
    return {
        "Name": table.name,
        "CreateTime": unix_time(table.created_time),
        "TableType": shown.get("TableType", ""),
        "Columns": [_column(column) for column in storage.get("Columns", [])],
        "PartitionKeys": [_column(column) for column in shown.get("PartitionKeys", [])],
        "Parameters": parameters,
    }


def _column(column: dict[str, Any]) -> dict[str, Any]:
    return {name: column[name] for name in ("Name", "Type", "Comment") if name in column}


def get_database(self: AthenaResponse) -> str:
    """Describe a database of the Data Catalog."""
    return json.dumps({"Database": _database(_find_database(self))})


def list_databases(self: AthenaResponse) -> str:
    """List the databases of the Data Catalog."""
    databases = sorted(_glue(self).databases.values(), key=lambda database: database.name)
    return json.dumps(_page(self, "DatabaseList", [_database(one) for one in databases]))


def get_table_metadata(self: AthenaResponse) -> str:
    """Describe a table of the Data Catalog."""
    name = self._get_param("TableName")
    table = _find_database(self).tables.get(name.lower())
    if table is None:
        raise MetadataException(f"Table {name} not found")
    return json.dumps({"TableMetadata": _table(table)})


def list_table_metadata(self: AthenaResponse) -> str:
    """List the tables of a database of the Data Catalog."""
    tables = sorted(_find_database(self).tables.values(), key=lambda table: table.name)
    return json.dumps(_page(self, "TableMetadataList", [_table(table) for table in tables]))


def _page(response: AthenaResponse, name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one page; its token is the number of items before the next one."""
    start = int(response._get_param("NextToken") or 0)
    stop = start + int(response._get_param("MaxResults") or 50)
    more = {"NextToken": str(stop)} if stop < len(items) else {}
    return {name: items[start:stop], **more}
