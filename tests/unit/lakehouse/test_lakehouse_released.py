"""What was released once is still there or says what it is called now.

The list is `golden/released.txt`: the stacks that have a resource, its types from the outermost
parent on, and its logical name: what Pulumi knows it by. To add what is new:
UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit/lakehouse/test_lakehouse_released.py
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from lakehouse import renamed
from localaws.bridge import stack_config
from tests.unit.lakehouse.test_lakehouse_golden import ACCOUNTS, GOLDEN, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.lakehouse.conftest import Declared

RELEASED = GOLDEN / "released.txt"
COMMAND = "UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit/lakehouse/test_lakehouse_released.py"
IN_THE_WAY = """

A stack that has them would have them deleted, and made anew under their new names:
- renamed, moved or wrapped: add what it was to FORMER in lakehouse/renamed.py
- meant to go, on AWS too: take its line out of {file}"""


def place(urn: str) -> str:
    """What is the same in every stack and project: types and name."""
    return urn.split("::", 2)[2]


def places(declared: Declared) -> dict[str, set[str]]:
    """Every resource that a provider makes -> the places at which Pulumi looks for it besides."""
    return {
        place(one.engine_urn): {place(alias) for alias in one.aliases}
        for one in declared.registered.values()
        if one.custom
    }


def released() -> set[tuple[str, str]]:
    """The list, as pairs of stack and place."""
    lines = RELEASED.read_text(encoding="utf-8").splitlines() if RELEASED.exists() else []
    return {
        (stack, where)
        for line in lines
        for stacks, _, where in [line.partition("  ")]
        for stack in stacks.split(" ")
    }


def write(pairs: set[tuple[str, str]]) -> None:
    """Keep the list, a line per place."""
    stacks: dict[str, list[str]] = {}
    for stack, where in sorted(pairs):
        stacks.setdefault(where, []).append(stack)
    lines = [f"{' '.join(names)}  {where}\n" for where, names in sorted(stacks.items())]
    RELEASED.write_text("".join(lines), encoding="utf-8")


def lost(kept: set[str], declared: dict[str, set[str]]) -> set[str]:
    """The places that nothing is at any more, nor comes from."""
    return kept - declared.keys() - set().union(*declared.values())


@pytest.mark.parametrize("stack", ACCOUNTS)
def test_no_released_resource_vanishes_without_a_word(
    declare: Callable[..., Any], stack: str
) -> None:
    """Whoever renames one is told to give it an alias; what is new joins the list."""
    config = stack_config(ROOT / f"Pulumi.{stack}.yaml")
    declared = places(declare(config, stack=stack, account=ACCOUNTS[stack]))
    kept = released()
    here = {where for its, where in kept if its == stack}
    gone = lost(here, declared)
    if gone:
        told = "\n".join(sorted(gone)) + IN_THE_WAY.format(file=RELEASED.relative_to(ROOT))
        pytest.fail(f"Released, and no longer in the stack {stack!r}:\n{told}", pytrace=False)
    new = declared.keys() - here
    if os.environ.get("UPDATE_GOLDEN"):
        write(kept | {(stack, where) for where in new})
    elif new:
        told = "\n".join(sorted(new))
        pytest.fail(f"Not yet in the list:\n{told}\n\nTo add this: {COMMAND}", pytrace=False)


def test_an_entry_for_a_component_holds_for_all_that_is_in_it(
    declare: Callable[..., Declared], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own former name and those of its children, by which Pulumi finds them in its state."""
    before = places(declare({"lakehouse:network": "none", "lakehouse:alerts": "false"}))
    monkeypatch.setattr(
        renamed,
        "FORMER",
        {
            "lakehouse:storage:ZoneBucket::silver": (pulumi.Alias(name="refined"),),
            "lakehouse:storage:Storage::storage": (pulumi.Alias(type_="lakehouse:old:Storage"),),
            "aws:glue/job:Job::bronze": (pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE),),
        },
    )
    after = places(declare({"lakehouse:network": "none", "lakehouse:alerts": "false"}))
    assert after.keys() == before.keys()
    new, old = "lakehouse:storage:Storage", "lakehouse:old:Storage"
    inside = "lakehouse:storage:ZoneBucket$aws:s3/bucket:Bucket"

    def former(bucket: str) -> set[str]:
        # The provider adds names of its own, for types that it has renamed.
        return {where for where in after[f"{new}${inside}::{bucket}"] if inside in where}

    assert former("silver") == {
        f"{new}${inside}::refined",
        f"{old}${inside}::silver",
        f"{old}${inside}::refined",
    }
    assert former("gold") == {f"{old}${inside}::gold"}
    (job,) = [where for where in after if where.endswith("aws:glue/job:Job::bronze")]
    assert after[job] == {"aws:glue/job:Job::bronze"}
    moved = {f"{old}${inside}::refined", f"{old}${inside}::landing-zone"}
    assert lost(moved | {"aws:glue/job:Job::silver"}, after) == {"aws:glue/job:Job::silver"}
