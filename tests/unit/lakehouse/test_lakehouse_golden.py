"""What each stack consists of, in files that a reviewer can read: a change shows as a diff.

To accept a change: UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit/lakehouse/test_lakehouse_golden.py
"""

from __future__ import annotations

import difflib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localaws.bridge import stack_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.lakehouse.conftest import Declared

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).parent / "golden"
COMMAND = "UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit/lakehouse/test_lakehouse_golden.py"
ACCOUNTS = {"dev": "123456789012", "prod": "111122223333", "local": "123456789012"}

POLICIES = {"policy", "assumeRolePolicy"}
# What repeats what stands elsewhere in the summary.
LEFT_OUT = {"type", "value", "contentBase64", "dashboardBody", "query"}
CONTENT_HASH = re.compile(r"\b[0-9a-f]{16}/")


def summary(declared: Declared) -> list[str]:
    """Every resource with its type, its place in the tree, what the engine is told to do with it,
    and a line for each property.
    """
    lines = []
    for urn, inputs in sorted(declared.resources.items()):
        *above, kind = urn.split("::")[2].split("$")
        tree = " > ".join(part.rpartition(":")[2] for part in above)
        options = ", ".join(declared.registered[urn].options)
        lines += ["", f"{kind} {urn.rpartition('::')[2]}  ({tree})  {options}".rstrip()]
        for name in sorted(inputs.keys() - LEFT_OUT):
            value = inputs[name]
            rows = statements(value) if name in POLICIES else flat(value)
            lines += [f"  {name}{row}" for row in rows]
    return [CONTENT_HASH.sub("<hash>/", line) for line in lines[1:]]


def flat(value: Any, path: str = "") -> Iterator[str]:
    """A line per value in a tree of objects."""
    if isinstance(value, dict):
        for key, inner in sorted(value.items()):
            yield from flat(inner, f"{path}.{key}")
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for index, inner in enumerate(value):
            yield from flat(inner, f"{path}[{index}]")
    elif value is not None:
        text = value if isinstance(value, str) else json.dumps(value)
        yield f"{path}: {text}"


def statements(text: str) -> Iterator[str]:
    """A line per statement of a policy document."""
    for one in json.loads(text)["Statement"]:
        whom = f" {json.dumps(one['Principal'])}" if "Principal" in one else ""
        condition = f" if {json.dumps(one['Condition'])}" if "Condition" in one else ""
        what, where = listed(one["Action"]), listed(one.get("Resource", []))
        yield f" {one['Sid']}: {one['Effect']}{whom} {what} on {where}{condition}"


def listed(value: str | list[str]) -> str:
    """One or many, as text."""
    return value if isinstance(value, str) else ", ".join(value)


@pytest.fixture(scope="module")
def stacks(declare: Callable[..., Declared]) -> dict[str, Declared]:
    """What the program declares for each stack file."""
    return {
        stack: declare(stack_config(ROOT / f"Pulumi.{stack}.yaml"), stack=stack, account=account)
        for stack, account in ACCOUNTS.items()
    }


@pytest.mark.parametrize("stack", ACCOUNTS)
def test_a_stack_consists_of_what_its_summary_says(stacks: dict[str, Declared], stack: str) -> None:
    """A change that nobody meant is seen here; one that is meant is accepted by one command."""
    lines = summary(stacks[stack])
    file = GOLDEN / f"{stack}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kept = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    changes = list(difflib.unified_diff(kept, lines, f"{stack}, as kept", f"{stack}, as declared"))
    if changes:
        told = "\n".join(line.rstrip("\n") for line in changes)
        pytest.fail(f"{told}\n\nTo accept this: {COMMAND}", pytrace=False)


def test_the_outputs_fit_their_parameter_with_the_longest_names(
    declare: Callable[..., Any],
) -> None:
    """A standard parameter holds 4,096 characters (AWS Systems Manager, "Parameter tiers")."""
    config = stack_config(ROOT / "Pulumi.prod.yaml")
    longest = config | {
        "aws:region": "ap-southeast-1",
        "lakehouse:prefix": "thirteen-char",
        "lakehouse:availabilityZones": json.dumps([f"ap-southeast-1{zone}" for zone in "abc"]),
    }
    declared = declare(longest, stack="prod", account=ACCOUNTS["prod"])
    (parameter,) = declared.of_type("ssm/parameter:Parameter").values()
    assert any(len(name) == 63 for name in declared.outputs["bucket_names"].values())
    assert len(parameter["value"]) < 4096
