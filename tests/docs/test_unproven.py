"""docs/unproven.md and `make smoke-aws` speak of the same behaviours."""

from __future__ import annotations

import re
from pathlib import Path

from smoke.checks import CHECKS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "unproven.md"


def rows() -> list[list[str]]:
    """The lines of the table, cell by cell."""
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("<!-- checks -->")[2].partition("<!-- end of checks -->")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table.strip().splitlines()[2:]
    ]


def test_each_check_has_its_line_and_each_line_a_check_or_a_reason() -> None:
    """A behaviour is checked by the function that says the same, or by hand, with the reason."""
    told = {}
    for behaviour, shown_by, how in rows():
        assert shown_by, behaviour
        named = re.match(r"`([a-z-]+)`", how)
        if named is None:
            assert how.startswith("by hand, as it takes "), behaviour
        else:
            assert named[1] not in told, "two lines of one check"
            told[named[1]] = behaviour
    assert told == {one.name: one.says for one in CHECKS}


def test_the_checks_are_made_in_the_order_of_the_page() -> None:
    """Who watches them go by finds them there."""
    named = [match[1] for *_, how in rows() if (match := re.match(r"`([a-z-]+)`", how))]
    assert named == [one.name for one in CHECKS]
