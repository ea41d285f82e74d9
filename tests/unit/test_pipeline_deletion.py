"""The two keys without which no data is deleted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.deletion import BUCKET, require_both_keys
from pipeline.errors import UsageError


def stack(*buckets: dict[str, Any]) -> Any:
    """A stack whose state holds these buckets, and something else."""
    other = {"type": "aws:glue/job:Job", "protect": True}
    resources = [other, *({"type": BUCKET, **bucket} for bucket in buckets)]
    return SimpleNamespace(
        name="try",
        export_stack=lambda: SimpleNamespace(deployment={"resources": resources}),
    )


OPEN: dict[str, Any] = {"inputs": {"forceDestroy": True}}
SHUT: list[dict[str, Any]] = [
    {"inputs": {"forceDestroy": False}},
    {"inputs": {}},
    {**OPEN, "protect": True},
    {**OPEN, "retainOnDelete": True},
]


def test_both_keys_let_a_destroy_pass() -> None:
    """The stack was brought to it by an `up`, and the command means it."""
    require_both_keys(stack(OPEN, OPEN), delete_data=True)


def test_a_plain_destroy_is_stopped_by_the_second_key() -> None:
    """Both keys are named in order, and which one is missing."""
    with pytest.raises(UsageError) as caught:
        require_both_keys(stack(OPEN), delete_data=False)
    told = str(caught.value)
    assert told.index("lakehouse:allowDataDeletion") < told.index("--delete-data")
    assert "lakehouse up --stack try" in told
    assert "second is missing" in told


@pytest.mark.parametrize("bucket", SHUT)
@pytest.mark.parametrize("delete_data", [True, False])
def test_one_bucket_that_is_shut_stops_every_destroy(
    bucket: dict[str, Any], delete_data: bool
) -> None:
    """Before anything is deleted, rather than half way through."""
    with pytest.raises(UsageError, match="first is still missing; nothing was deleted"):
        require_both_keys(stack(OPEN, bucket), delete_data=delete_data)


def test_a_stack_without_data_needs_no_key() -> None:
    """A destroy that was interrupted after the buckets can be ended."""
    require_both_keys(stack(), delete_data=False)
