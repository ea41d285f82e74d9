"""docs/security.md says what the rules say."""

from __future__ import annotations

from policy.page import PAGE, filled
from policy.rules import RULES
from policy.waivers import NOT_CHECKED, WAIVERS


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """After a change of a rule or waiver, `.venv/bin/python -m policy.page` renews them."""
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page
    for told in (*(rule.says for rule in RULES), *(one.reason for one in WAIVERS), *NOT_CHECKED):
        assert told in page
