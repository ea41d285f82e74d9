"""Drift: how the records of a source differ from its contract in form, not in value.

Unknown fields are kept out of the tables and told by name. A field that a contract knows and that
no record has any more, or none has of the right type, is told too; beside an unknown field it was
probably renamed. A name is told only when it looks like one: made by a machine out of data, it
could itself be somebody's.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame

    from spark.contract import Source

MAX_NAMES = 50
"""Unknown fields of a source that are told, the commonest first."""

UNTOLD = "(a name that is not told)"

_NAME = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}[0-9]{0,2}")
_SIMILAR = 0.6

Drift = dict[str, Any]
"""source, field, kind (unknown, missing or type), records, first_file, instead_of."""


def find(rows: DataFrame, source: Source, reasons: Mapping[str, int], unknown: int) -> list[Drift]:
    """The drift in a stage's usable rows, of which `unknown` have fields that are not known.

    `reasons` are those for which records were quarantined. Clean rows are not looked at again.
    """
    found: list[Drift] = []
    has = [F.count(field.column).alias(field.column) for field in source.fields]
    if unknown:
        names = (
            rows.where("unknown is not null")
            .withColumn("name", F.explode("unknown"))
            .groupBy("name")
            .agg(F.count(F.lit(1)).alias("_records"), F.min("source_path").alias("_first"), *has)
        )
        for row in names.orderBy(F.desc("_records"), "name").limit(MAX_NAMES).collect():
            absent = [field.name for field in source.fields if row[field.column] == 0]
            drift = _drift(source, _told(row["name"]), "unknown", row["_records"], row["_first"])
            found.append(drift | {"instead_of": renamed_from(row["name"], absent)})
    blamed = {name: count for reason, count in reasons.items() if (name := _field(reason))}
    if blamed:
        summary = rows.where("error is null").agg(F.min("source_path").alias("_first"), *has)
        row = summary.collect()[0]
        for field in source.fields:
            if field.name in blamed and row[field.column] == 0:
                kind = "missing" if f"{field.name}: missing" in reasons else "type"
                found.append(_drift(source, field.name, kind, blamed[field.name], row["_first"]))
    return found


def renamed_from(name: str, absent: Iterable[str]) -> str | None:
    """Which of the contract's fields, absent wherever `name` is, it probably stands for now."""
    likeness = {
        field: SequenceMatcher(None, _plain(name), _plain(field)).ratio() for field in absent
    }
    best = max(likeness, key=lambda field: likeness[field], default=None)
    return best if best is not None and likeness[best] >= _SIMILAR else None


def merged(drifts: Iterable[Drift]) -> list[Drift]:
    """The drift of several batches as one: a row for each source, field and kind."""
    together: dict[tuple[str, str, str], Drift] = {}
    for drift in drifts:
        key = (drift["source"], drift["field"], drift["kind"])
        if before := together.get(key):
            before["records"] += drift["records"]
            before["first_file"] = min(before["first_file"], drift["first_file"])
            before["instead_of"] = before["instead_of"] or drift["instead_of"]
        else:
            together[key] = dict(drift)
    return [together[key] for key in sorted(together)]


def _drift(source: Source, field: str, kind: str, records: int, first: str) -> Drift:
    return {
        "source": source.name,
        "field": field,
        "kind": kind,
        "records": records,
        "first_file": first,
        "instead_of": None,
    }


def _told(name: str) -> str:
    return name if _NAME.fullmatch(name) else UNTOLD


def _field(reason: str) -> str | None:
    name, colon, _ = reason.partition(": ")
    return name if colon and name != "line" else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
