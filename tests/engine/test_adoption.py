"""What a production stack leaves behind when it goes, on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.test_stack import closed_to_the_public
from tests.engine.there import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi import automation

pytestmark = pytest.mark.engine


def unprotect(stack: automation.Stack) -> None:
    """What `pulumi state unprotect --all` does."""
    exported = stack.export_stack()
    for resource in (exported.deployment or {})["resources"]:
        resource["protect"] = False
    stack.import_stack(exported)


def test_what_holds_data_outlives_the_stack(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """Without its protection the stack goes; its data stays, closed, and so does the key to it."""
    stack = new_stack(
        **{
            "lakehouse:environment": "prod",
            "lakehouse:allowDataDeletion": "false",
            "lakehouse:operatorPrincipals": ["arn:aws:iam::123456789012:role/team"],
        }
    )
    stack.up()
    outputs = stack.outputs()
    part = {"Bucket": outputs["bronze_bucket"], "Key": "songs/part-0.parquet"}
    client("s3").put_object(**part, Body=b"data")
    unprotect(stack.stack)
    stack.destroy()
    left = named(client, stack.stack.name)
    assert left.keys() == {"buckets", "keys"}
    assert len(left["buckets"]) == 7
    assert client("s3").get_object(**part)["Body"].read() == b"data"
    assert closed_to_the_public(client, outputs["bronze_bucket"]) == {True}
