"""What resources were called before: a renamed one that is not listed here is made anew.

Pulumi knows a resource by its type, its parents' types and its logical name. When one of these
changes, the old resource is deleted and a new one made, unless the new one says what it was. Every
such change of a released resource is written down in `FORMER`, and nowhere else; the children of a
component come along. An entry stays for as long as a stack may exist that was made before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMER: Mapping[str, tuple[pulumi.Alias, ...]] = {}
"""`type::logical name` as it is today -> what was different before, as in
``"lakehouse:storage:ZoneBucket::refined": (pulumi.Alias(name="silver"),)``.
"""


def keep_renamed() -> None:
    """Let every resource that is declared from here on say what it was called before."""
    pulumi.runtime.register_stack_transformation(_with_aliases)


def _with_aliases(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    former = FORMER.get(f"{args.type_}::{args.name}")
    if former is None:
        return None
    named = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(aliases=list(former)))
    return pulumi.ResourceTransformationResult(args.props, named)
