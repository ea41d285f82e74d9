"""Deleting a stack's data takes two keys, turned in order: the stack's, then the command's.

That holds for a destroy, and for an update that would replace or delete what holds data. The first
is in the stack's state, where only an `up` puts it: whoever destroys on the spur of the moment
finds it missing. The second says that it is this command that is meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.deploy_plan import REMOVING, named
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pulumi import automation

    from pipeline.deploy_plan import Step

BUCKET = "aws:s3/bucket:Bucket"
"""What holds data; the type's token in Pulumi's state."""

KEY = "aws:kms/key:Key"
"""What data is noise without."""


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


def require_keys_for(stack: str, steps: tuple[Step, ...], *, delete_data: bool) -> None:
    """Stop an update that would replace or delete what holds data, before it changes anything.

    Pulumi's own protection is not enough: an update that takes the protection away may delete in
    the same go, and outside production nothing is protected.

    Args:
        stack: its name.
        steps: what the update would do.
        delete_data: whether the command line says `--delete-data`.

    Raises:
        UsageError: naming each resource, and how it may go.
    """
    going = [step for step in steps if step.kind in REMOVING]
    shut = tuple(step for step in going if step.kept or (step.type == BUCKET and not step.forced))
    if shut:
        raise UsageError(
            f"An update of the stack {stack!r} would take away what it has to keep: "
            f"{named(shut)}. Nothing was changed. A changed prefix, region or key does that: undo "
            f"the change. To take the data down on purpose, see docs/runbook.md."
        )
    data = tuple(step for step in going if step.type in {BUCKET, KEY})
    if data and not delete_data:
        raise UsageError(
            f"An update of the stack {stack!r} would take data away: {named(data)}. Nothing was "
            "changed. Undo what causes it (a changed prefix, region or key), or mean it: "
            f"`lakehouse up --stack {stack} --delete-data`."
        )


def _may_be_deleted(bucket: dict[str, object]) -> bool:
    inputs = bucket.get("inputs")
    forced = isinstance(inputs, dict) and inputs.get("forceDestroy") is True
    return forced and not bucket.get("protect") and not bucket.get("retainOnDelete")
