"""Quality rules, as data: what the rows of a table must be beyond what the contract asks.

Rules of records are judged while the records are parsed, before anything is written: `warn` tells,
`hold` holds each object version that breaks the rule, `fail` stops the run before the batch counts
as seen. Rules of tables concern rows of many objects; they are judged in one query
when a run has brought something, and by then the tables are written: none of them can hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import bounds
from spark.errors import QualityError
from spark.tables import ARTISTS, SONGPLAYS, SONGS, USERS, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import DataFrame

    from spark.contract import Source
    from spark.delta import Bronze

_MAX_PLACES = 20
"""Conditions that one query takes; a run of that many batches may as well look at everything."""

Severity = Literal["warn", "hold", "fail"]
Result = dict[str, Any]
"""rule, table, severity, checked, broken, passed."""


@dataclass(frozen=True, kw_only=True)
class RecordRule:
    """What the kept records of a source must be: a column not null or, where given, in a range."""

    table: str
    source: str
    column: str
    minimum: float | None = None
    maximum: float | None = None
    severity: Severity = "warn"
    tolerated: float = 0.0
    """The share of records that may break the rule."""

    @property
    def name(self) -> str:
        """As reports and errors name the rule."""
        if self.minimum is None and self.maximum is None:
            return f"{self.column}: not null"
        return f"{self.column}: from {self.minimum} to {self.maximum}"

    def breaks(self, values: pa.Array) -> pa.Array:
        """Which of the column's values break the rule. A range says nothing about null."""
        if self.minimum is None and self.maximum is None:
            return values.is_null()
        if any(isinstance(bound, float) for bound in (self.minimum, self.maximum)):
            # As SQL compares a whole number with another: Arrow refuses one that has no double.
            values = values.cast(pa.float64(), safe=False)
        low = [] if self.minimum is None else [pc.less(values, self.minimum)]
        high = [] if self.maximum is None else [pc.greater(values, self.maximum)]
        return pc.fill_null(reduce(pc.or_, [*low, *high]), fill_value=False)


@dataclass(frozen=True, kw_only=True)
class TableRule:
    """A table's key is unique or, with `refers_to`, its column's values are keys of that table."""

    table: Table
    column: str
    refers_to: Table | None = None
    severity: Literal["warn", "fail"] = "fail"
    tolerated: float = 0.0

    @property
    def name(self) -> str:
        """As reports and errors name the rule."""
        return f"{self.column}: " + (f"in {self.refers_to.name}" if self.refers_to else "unique")


RECORD_RULES: tuple[RecordRule, ...] = (
    RecordRule(table="songs", source="songs", column="title"),
    RecordRule(table="songs", source="songs", column="duration", minimum=1, maximum=36_000),
    RecordRule(table="artists", source="songs", column="artist_name"),
    RecordRule(table="songplays", source="logs", column="song"),
    RecordRule(table="songplays", source="logs", column="artist"),
    RecordRule(table="users", source="logs", column="level"),
)

TABLE_RULES: tuple[TableRule, ...] = (
    TableRule(table=SONGS, column="song_id"),
    TableRule(table=ARTISTS, column="artist_id"),
    TableRule(table=USERS, column="user_id"),
    TableRule(table=SONGPLAYS, column="song_id", refers_to=SONGS),
    TableRule(table=SONGPLAYS, column="user_id", refers_to=USERS),
)


def rules_of(source: Source) -> list[RecordRule]:
    """The rules of a source's records."""
    return [rule for rule in RECORD_RULES if rule.source == source.name]


def result(rule: RecordRule | TableRule, table: str, checked: int, broken: int) -> Result:
    """The verdict on a rule, as the report has it."""
    return {
        "rule": rule.name,
        "table": table,
        "severity": rule.severity,
        "checked": checked,
        "broken": broken,
        "passed": broken <= rule.tolerated * checked,
    }


def told(found: Result) -> str:
    """A verdict in words: rule, table and counts, no values."""
    return f"{found['table']}.{found['rule']}: {found['broken']} of {found['checked']} break it"


def broken(results: Iterable[Result]) -> list[str]:
    """The verdicts, in words, that stop a run."""
    return [told(found) for found in results if found["severity"] == "fail" and not found["passed"]]


def merged(results: Iterable[Result]) -> list[Result]:
    """Results of several batches as one for each rule: counts add up, one failure fails."""
    together: dict[tuple[str, str], Result] = {}
    for found in results:
        if before := together.get((found["table"], found["rule"])):
            before["checked"] += found["checked"]
            before["broken"] += found["broken"]
            before["passed"] = before["passed"] and found["passed"]
        else:
            together[found["table"], found["rule"]] = dict(found)
    return [together[key] for key in sorted(together)]


def stop_before(results: Iterable[Result]) -> None:
    """Stop a batch that breaks a rule of severity fail. Nothing of it is written or seen.

    Raises QualityError, naming rule, table and counts.
    """
    if found := broken(results):
        raise QualityError(
            f"A rule was broken that stops the run: {'; '.join(found)}. Nothing of this batch is "
            f"in any table; batches before it stay. Mend the objects, or the rule in "
            f"spark/quality.py, and run again."
        )


def check_tables(bronze: Bronze, *, everything: bool = False) -> list[Result]:
    """Judge the rules of the tables that this run has written, in one query, a pass for each.

    References are judged where the run has written, keys over their whole table; `everything`
    judges all rules over whole tables.
    """
    if everything:
        bronze.written.update({rule.table.name: {"true"} for rule in TABLE_RULES})
    rules = [rule for rule in TABLE_RULES if rule.table.name in bronze.written]
    if not rules:
        return []
    tables = list(dict.fromkeys(rule.table for rule in rules))
    with bronze.steps("check tables"):
        counts = [_count(bronze, table) for table in tables]
        rows = reduce(lambda one, other: one.unionByName(other), counts).collect()
    found = {(row["table"], row["rule"]): row for row in rows}
    results = []
    for rule in rules:
        row = found[rule.table.name, rule.name]
        results.append(result(rule, rule.table.name, row["checked"], row["broken"]))
    return results


def stop_after(results: Iterable[Result], runs: Sequence[str]) -> None:
    """Let the run fail whose tables break a rule of severity fail; `runs` have changed them.

    Raises QualityError, naming rule, table, counts and the way back: the tables are written.
    """
    if found := broken(results):
        later = " --and-later" if len(runs) > 1 else ""
        raise QualityError(
            f"A rule was broken that stops the run: {'; '.join(found)}. The tables are written, "
            f"the ledger has the objects: look at the rows, or take the tables back with "
            f"`lakehouse restore --run {runs[0]}{later}`. Each run fails until the rule holds."
        )


def _written(bronze: Bronze, table: Table) -> str:
    """SQL over the table `t`: where this run has written, or everything if that is many places."""
    places = sorted({bounds.whole_months(place) for place in bronze.written[table.name]})
    return " OR ".join(f"({place})" for place in places) if len(places) <= _MAX_PLACES else "true"


def _count(bronze: Bronze, table: Table) -> DataFrame:
    rows = bronze.read(table).alias("t").where(_written(bronze, table))
    verdicts = []
    for place, rule in enumerate(rule for rule in TABLE_RULES if rule.table is table):
        if rule.refers_to is None:
            checked = F.count(rule.column)
            broken = checked - F.countDistinct(rule.column)
        else:
            known = bronze.read(rule.refers_to).select(
                F.col(rule.refers_to.key[0]).alias(f"_key_{place}")
            )
            rows = rows.join(known, F.col(rule.column) == F.col(f"_key_{place}"), "left")
            checked = F.count(rule.column)
            broken = checked - F.count(f"_key_{place}")
        verdicts.append((rule.name, checked, broken))
    counted = rows.agg(
        *(checked.alias(f"checked_{i}") for i, (_, checked, _) in enumerate(verdicts)),
        *(broken.alias(f"broken_{i}") for i, (_, _, broken) in enumerate(verdicts)),
    )
    each = F.array(
        *(
            F.struct(
                F.lit(table.name).alias("table"),
                F.lit(name).alias("rule"),
                F.col(f"checked_{i}").alias("checked"),
                F.col(f"broken_{i}").alias("broken"),
            )
            for i, (name, _, _) in enumerate(verdicts)
        )
    )
    return counted.select(F.explode(each).alias("verdict")).select("verdict.*")
