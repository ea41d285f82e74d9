"""Athena's statements about the catalog: SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, DESCRIBE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from moto.glue.models import glue_backends

from localaws.athena_results import described
from localaws.athena_sql import QueryError, unsupported

if TYPE_CHECKING:
    from moto.glue.models import FakeDatabase

_NAME: Final = r"[`\"]?(\w+)[`\"]?"
_DATABASES: Final = re.compile(r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+(?:LIKE\s+)?'([^']*)')?", re.I)
_TABLES: Final = re.compile(rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME})?(?:\s+'([^']*)')?", re.I)
_COLUMNS: Final = re.compile(
    rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+(?:{_NAME}\.)?{_NAME}(?:\s+(?:IN|FROM)\s+{_NAME})?", re.I
)
_DESCRIBE: Final = re.compile(rf"DESC(?:RIBE)?\s+(?:{_NAME}\.)?{_NAME}", re.I)


def is_about_catalog(sql: str) -> bool:
    """Tell whether the statement is one of SHOW and DESCRIBE."""
    return re.match(r"\s*(SHOW|DESC|DESCRIBE)\b", sql, re.IGNORECASE) is not None


class Catalog:
    """The Data Catalog of one account and region, as a query that names `database` sees it."""

    def __init__(self, *, account: str, region: str, database: str) -> None:
        self._databases: dict[str, FakeDatabase] = glue_backends[account][region].databases
        self._database = database

    def answer(self, sql: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the ColumnInfos and lines of a SHOW or DESCRIBE. Raises QueryError."""
        text = sql.strip().rstrip(";").strip()
        if found := _DATABASES.fullmatch(text):
            return _listed("database_name", sorted(self._databases), found[1])
        if found := _TABLES.fullmatch(text):
            return _listed("tab_name", sorted(self._known(found[1]).tables), found[2])
        if found := _COLUMNS.fullmatch(text):
            columns, keys = self._columns(found[1] or found[3], found[2])
            return _listed("field", [name for name, _ in columns + keys], None)
        if found := _DESCRIBE.fullmatch(text):
            columns, keys = self._columns(found[1], found[2])
            infos = [described(name, "string") for name in ("col_name", "data_type", "comment")]
            lines = [_padded(*pair, "") for pair in columns + keys]
            if keys:
                head = "# " + _padded("col_name", "data_type", "comment")
                lines += ["\t \t ", "# Partition Information\t \t ", head, "\t \t "]
                lines += [_padded(*pair, "") for pair in keys]
            return infos, lines
        raise unsupported(f"this statement: {text}")

    def _known(self, name: str | None) -> FakeDatabase:
        wanted = (name or self._database).lower()
        if wanted not in self._databases:
            raise QueryError(f"SCHEMA_NOT_FOUND: Schema '{wanted}' does not exist")
        return self._databases[wanted]

    def _columns(
        self, database: str | None, table: str
    ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        known = self._known(database)
        if table.lower() not in known.tables:
            raise QueryError(f"TABLE_NOT_FOUND: Table '{known.name}.{table}' does not exist")
        entry: dict[str, Any] = known.tables[table.lower()].as_dict()
        columns = (entry.get("StorageDescriptor") or {}).get("Columns") or []
        keys = entry.get("PartitionKeys") or []
        return (
            [(column["Name"], column["Type"]) for column in columns],
            [(column["Name"], column["Type"]) for column in keys],
        )


def _listed(
    column: str, names: list[str], pattern: str | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the names that match a pattern, in which * stands for anything."""
    wanted = re.compile((pattern or "*").replace("*", ".*"))
    return [described(column, "string")], [name for name in names if wanted.fullmatch(name)]


def _padded(*cells: str) -> str:
    return "\t".join(cell.ljust(20) for cell in cells)
