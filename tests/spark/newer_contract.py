"""A contract after the present one, for tests of what it makes of records that are there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from spark import batch, parser, requeue, stage
from spark.contract import CONTRACT_VERSION, LOG_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spark.contract import Source

NEWER = CONTRACT_VERSION + 1


@contextmanager
def newer_contract() -> Iterator[None]:
    """The next one: plays may be of 1970, and a play's level is in the field `method`."""
    changes = {"ts": {"minimum": 0}, "level": {"name": "method"}}
    fields = tuple(replace(field, **changes.get(field.name, {})) for field in LOG_SOURCE.fields)  # type: ignore[arg-type]
    newer = replace(LOG_SOURCE, fields=fields)
    real = parser.parse

    def parse(lines: Any, source: Source) -> Any:
        return real(lines, newer if source is LOG_SOURCE else source)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "parse", parse)
        patch.setattr(batch, "CONTRACT_VERSION", NEWER)
        patch.setattr(requeue, "CONTRACT_VERSION", NEWER)
        yield
