"""The tables of docs/security.md, written from the rules: ``python -m policy.page`` renews them."""

from __future__ import annotations

from pathlib import Path

from policy.iam_actions import DEPLOYER_STARS, STAR_RESOURCES
from policy.rules import RULES
from policy.waivers import BOOTSTRAP_WAIVERS, NOT_CHECKED, SCANNER_WAIVERS, WAIVERS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "security.md"


def filled(page: str) -> str:
    """The page with each table between its markers written anew."""
    for name, lines in _tables().items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = before + "\n".join((begin, *lines, end)) + after
    return page


def _tables() -> dict[str, list[str]]:
    return {
        "rules": _table(
            ("line", "rule", "says", "ids"),
            *((str(rule.line), f"`{rule.name}`", rule.says, ", ".join(rule.ids)) for rule in RULES),
        ),
        "waivers": _table(
            ("rule", "resource", "why"),
            *((f"`{one.rule}`", f"`{one.resource}`", one.reason) for one in WAIVERS),
            *(
                (f"`{one.rule}`", f"bootstrap: `{one.resource}`", one.reason)
                for one in BOOTSTRAP_WAIVERS
            ),
            *(
                (f"Checkov's {one.rule}", f"`{one.resource}`", one.reason)
                for one in SCANNER_WAIVERS
            ),
            *((name, "all", reason) for name, reason in NOT_CHECKED.items()),
        ),
        "stars": _table(
            ("action", "why it may name every resource"),
            *((f"`{action}`", reason) for action, reason in STAR_RESOURCES.items()),
            *((f"`{action}`", reason) for action, reason in DEPLOYER_STARS.items()),
        ),
    }


def _table(*rows: tuple[str, ...]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]]


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
