"""Deleting a stack's data takes two keys, turned in order: the stack's, then the command's.

The first is in the stack's state, where only an `up` puts it: whoever destroys on the spur of the
moment finds it missing. The second says that it is this destroy that is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pulumi import automation

BUCKET = "aws:s3/bucket:Bucket"
"""What holds data; the type's token in Pulumi's state."""


def require_both_keys(stack: automation.Stack, *, delete_data: bool) -> None:
    """Stop a destroy that would delete data, or fail at it, before it deletes anything.

    Args:
        stack: the stack as its last `up` left it.
        delete_data: whether the command line says `--delete-data`.

    Raises:
        UsageError: naming both keys, and which of them is missing.
    """
    deployment = stack.export_stack().deployment or {}
    buckets = [
        resource for resource in deployment.get("resources", []) if resource["type"] == BUCKET
    ]
    shut = [bucket for bucket in buckets if not _may_be_deleted(bucket)]
    if not buckets or (delete_data and not shut):
        return
    name = stack.name
    state = "The first is still missing" if shut else "The first is turned, the second is missing"
    raise UsageError(
        f"The stack {name!r} holds data in {len(buckets)} buckets. Deleting it takes two keys, in "
        f"this order: (1) set lakehouse:allowDataDeletion to true in Pulumi.{name}.yaml (in prod "
        f"lakehouse:environment to dev as well) and run `lakehouse up --stack {name}`; (2) run "
        f"`lakehouse destroy --stack {name} --delete-data`. {state}; nothing was deleted. See "
        "docs/runbook.md."
    )


def _may_be_deleted(bucket: dict[str, object]) -> bool:
    inputs = bucket.get("inputs")
    forced = isinstance(inputs, dict) and inputs.get("forceDestroy") is True
    return forced and not bucket.get("protect") and not bucket.get("retainOnDelete")
