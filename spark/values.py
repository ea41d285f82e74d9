"""The values of one field in many records, judged by the contract in whole columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spark.contract import Field

ARROW_TYPE = {"text": pa.string(), "integer": pa.int64(), "decimal": pa.float64()}
"""What a field of each kind is in Arrow."""

_PATTERN = {
    "integer": r"^-?[0-9]{1,19}\z",
    "decimal": r"^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?\z",
}
"""Numbers as the contract takes them from a text too; `$` might let a last newline pass."""
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Values:
    """A field's column, null where there is no good value, and two marks a record, never both."""

    column: pa.Array
    missing: NDArray[np.bool_]
    """Nothing was given: no such field, null or an empty text; of a number or a key, spaces too."""
    wrong: NDArray[np.bool_]
    """Something was given that is not what the contract says."""


def judge(field: Field, typed: pa.Array, odd: NDArray[np.bool_], *, is_key: bool) -> Values:
    """The values of a column that has its type already, `odd` where something else was given."""
    if field.kind == "text":
        texts = pc.utf8_trim(typed, " ") if is_key else typed
        return Values(texts, _empty(texts) & ~odd, odd)
    good = typed
    for bound, holds in ((field.minimum, pc.greater_equal), (field.maximum, pc.less_equal)):
        if bound is not None:
            good = pc.if_else(holds(good, pa.scalar(bound, typed.type)), good, None)
    given = marks(typed.is_valid()) | odd
    return Values(good, ~given, given & marks(good.is_null()))


def typed(field: Field, given: Sequence[Any]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """What JSON gave, numbers as their digits, as a column of the field's type; marks of the odd.

    Numbers, true and false are taken for a text too; arrays, objects and halves of surrogate pairs
    are not. Texts are taken for a number, trimmed of spaces, if they are one.
    """
    texts, odd = _texts(given)
    if field.kind == "text":
        return texts, odd
    trimmed = pc.utf8_trim(texts, " ")
    numbers = _numbers(field, trimmed)
    return numbers, odd | (marks(numbers.is_null()) & ~_empty(trimmed))


def marks(flags: pa.Array) -> NDArray[np.bool_]:
    """An array of true and false, without nulls, as numpy has it."""
    return np.asarray(flags.to_numpy(zero_copy_only=False), np.bool_)


def _empty(texts: pa.Array) -> NDArray[np.bool_]:
    return marks(pc.fill_null(pc.equal(texts, ""), fill_value=True))


def _texts(given: Sequence[Any]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """The values as texts, and a mark where one is none."""
    try:
        return pa.array(given, pa.string()), np.zeros(len(given), np.bool_)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = [_text(value) for value in given]
        odd = [text is None and value is not None for text, value in zip(texts, given, strict=True)]
        return pa.array(texts, pa.string()), np.array(odd, np.bool_)


def _text(value: object) -> str | None:
    """The value as a text that can be written down, or None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in value) else value


def _numbers(field: Field, texts: pa.Array) -> pa.Array:
    """The numbers that the texts are, null where one is none."""
    digits = pc.if_else(pc.match_substring_regex(texts, _PATTERN[field.kind]), texts, None)
    try:
        return digits.cast(ARROW_TYPE[field.kind])
    except pa.ArrowInvalid:  # one is too large for its type
        number = _NUMBER[field.kind]
        found = [None if text is None else number(text) for text in digits.to_pylist()]
        return pa.array(found, ARROW_TYPE[field.kind])


def _integer(text: str) -> int | None:
    number = int(text)
    return number if _MIN_INTEGER <= number <= _MAX_INTEGER else None


_NUMBER: dict[str, Callable[[str], float | None]] = {"integer": _integer, "decimal": float}
