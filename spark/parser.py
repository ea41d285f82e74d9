"""Turns lines into records by a source's contract, with every reason why a record is no good.

Fields are read as text first and cast afterwards: engines differ in what a typed from_json makes of
a number that is too large, of trailing junk, NaN or single quotes; of text they all make the same.
Decimals are looked up by get_json_object, which hands over their digits: from_json reads a number
before it makes text of it, and on Sail one in ten of 17 digits comes out as its neighbour
(docs/adr/0014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark.drift import unknown_fields

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from spark.contract import Field, Source

_JSON_OPTIONS = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_CORRUPT = "_corrupt_record"
"""Spark puts a line here that is no JSON to its from_json: its json_array_length lets more pass."""
_INTEGER = r"^-?[0-9]{1,19}\\z"
_DECIMAL = r"^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?\\z"
"""For SQL literals, in which a backslash is written twice. `$` would do for Sail; Java's lets a
last newline pass."""
SQL_TYPE = {"text": "string", "integer": "bigint", "decimal": "double"}
"""What a field of each kind is in a stage."""

NOT_ONE_OBJECT = "line: not one JSON object"


def parse(lines: DataFrame, source: Source) -> DataFrame:
    """Records of `source` from the LINES of the reader.

    Columns: source_path, source_etag, source_modified (timestamp), error (null but for the last row
    of a version), record_hash (sha2-256 of the raw line), kept (boolean), reasons (array<string>,
    empty for a good record), unknown (array<string>, the names of fields that the contract does not
    know, null where there are none), raw (null for a good record), then the contract's columns.
    """
    names = (*(field.name for field in source.fields), _CORRUPT)
    record = F.from_json("raw", ", ".join(f"`{name}` string" for name in names), _JSON_OPTIONS)
    parsed = lines.select(
        "source_path",
        "source_etag",
        F.expr("timestamp_micros(source_modified_us)").alias("source_modified"),
        "error",
        "raw",
        F.sha2("raw", 256).alias("record_hash"),
        F.expr(
            "raw is not null and substring(ltrim(raw), 1, 1) = '{' and endswith(rtrim(raw), '}') "
            "and coalesce(json_array_length(concat('[', raw, ']')) = 1, false)"
        ).alias("is_object"),
        F.expr("contains(raw, '[') or contains(substring(raw, 2), '{')").alias("may_nest"),
        record.alias("record"),
    ).withColumn("is_object", F.expr(f"is_object and record.`{_CORRUPT}` is null"))
    typed = parsed.select(
        "*",
        *(F.expr(f"trim({_text(field)})").alias(_given(field)) for field in source.fields),
    ).select(
        "*",
        *(F.expr(_cast(field, source)).alias(field.column) for field in source.fields),
    )
    kept = F.coalesce(F.expr(source.kept_when), F.lit(False))
    reasons = F.when(
        F.col("is_object"),
        F.array_compact(F.array(*_reasons(source))),
    ).otherwise(F.array(F.lit(NOT_ONE_OBJECT)))
    may_have, unknown_names = unknown_fields(source)
    unknown = F.when(F.expr(may_have), F.expr(unknown_names))
    judged = typed.withColumn("extra", unknown).select(
        "source_path",
        "source_etag",
        "source_modified",
        "error",
        "raw",
        "record_hash",
        kept.alias("kept"),
        F.when(F.col("raw").isNotNull(), reasons).alias("reasons"),
        F.when(F.size("extra") > 0, F.col("extra")).alias("unknown"),
        *(field.column for field in source.fields),
    )
    return judged.withColumn("raw", F.when(F.size("reasons") > 0, F.col("raw")))


def _text(field: Field) -> str:
    """The field as the record has it."""
    if field.kind == "decimal":
        return f"get_json_object(raw, '$.{field.name}')"
    return f"record.`{field.name}`"


def _given(field: Field) -> str:
    return f"given_{field.column}"


def _cast(field: Field, source: Source) -> str:
    """The field's value, or null when it is not what the contract says. Keys are trimmed."""
    given = _given(field)
    if field.kind == "text":
        is_key = field.required or field.column in source.key
        value = given if is_key else f"record.`{field.name}`"
        return f"case when not ({_is_nested(field)}) then {value} end"
    pattern = _INTEGER if field.kind == "integer" else _DECIMAL
    value = (
        f"try_cast(case when {given} rlike '{pattern}' then {given} end as {SQL_TYPE[field.kind]})"
    )
    return f"case when {_in_range(field, value)} then {value} end"


def _is_nested(field: Field) -> str:
    """SQL: whether the record has an array or an object where a text belongs.

    from_json hands over their JSON as text. Few lines have a bracket at all; in these, what begins
    like an array or an object is looked up: a text has a quotation mark there, and inside of texts
    each such mark has a backslash before it.
    """
    given = _given(field)
    in_line = rf'"{field.name}"[ \\t\\r\\n]*:[ \\t\\r\\n]*[\\[{{]'
    begins = f"substring({given}, 1, 1) in ('[', '{{')"
    return f"case when may_nest then {begins} and raw rlike '{in_line}' else false end"


def _in_range(field: Field, value: str) -> str:
    bounds = [f"{value} is not null"]
    suffix = "" if field.kind == "integer" else "d"
    if field.minimum is not None:
        bounds.append(f"{value} >= {_literal(field.minimum)}{suffix}")
    if field.maximum is not None:
        bounds.append(f"{value} <= {_literal(field.maximum)}{suffix}")
    return " and ".join(bounds)


def _literal(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else repr(float(bound))


def _reasons(source: Source) -> list[Column]:
    """One expression a possible reason: the reason's text where it holds, else null."""
    reasons = []
    for field in source.fields:
        given = F.coalesce(F.col(_given(field)), F.lit(""))
        if field.required:
            reasons.append(F.when(given == "", F.lit(f"{field.name}: missing")))
        elif field.column in source.key:
            needed = F.coalesce(F.expr(source.kept_when), F.lit(False))
            reasons.append(F.when(needed & (given == ""), F.lit(f"{field.name}: missing")))
        if field.kind == "text":
            reasons.append(F.when(F.expr(_is_nested(field)), F.lit(f"{field.name}: not a text")))
        else:
            reasons.append(
                F.when((given != "") & F.col(field.column).isNull(), F.lit(_wrong(field)))
            )
    return reasons


def _wrong(field: Field) -> str:
    kind = "a whole number" if field.kind == "integer" else "a number"
    low, high = field.minimum, field.maximum
    allowed = "" if low is None or high is None else f" from {_literal(low)} to {_literal(high)}"
    return f"{field.name}: not {kind}{allowed}"
