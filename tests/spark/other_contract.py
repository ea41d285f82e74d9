"""Another contract for the time of a block: what a newer or an older release makes of records."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from spark import batch, requeue, stage
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
    with logs_by(replace(LOG_SOURCE, fields=fields), NEWER):
        yield


@contextmanager
def logs_by(other: Source, version: int) -> Iterator[None]:
    """Logs are parsed by another contract, of this version."""
    write, parse_again = stage.write, stage.parse_again

    def by(source: Source) -> Source:
        return other if source is LOG_SOURCE else source

    def written(spark: Any, source: Source, *rest: Any) -> stage.Staged:
        return write(spark, by(source), *rest)

    def parsed_again(lines: Any, source: Source, *rest: Any) -> stage.Staged:
        return parse_again(lines, by(source), *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "write", written)
        patch.setattr(stage, "parse_again", parsed_again)
        patch.setattr(batch, "CONTRACT_VERSION", version)
        patch.setattr(requeue, "CONTRACT_VERSION", version)
        yield
