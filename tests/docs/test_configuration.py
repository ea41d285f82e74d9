"""docs/configuration.md follows from the program: its keys, its defaults, its sums."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakehouse.network_checks import ENDPOINTS
from lakehouse.network_settings import NetworkSettings

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")
HOURS = 730
CENTS_AN_HOUR = 1


@pytest.mark.parametrize("zones", [1, 2, 3])
def test_the_price_of_a_network_is_that_of_the_endpoints_it_has(zones: int) -> None:
    """Each endpoint of the program counts once in each zone."""
    endpoints = len(ENDPOINTS)
    each = zones * HOURS * CENTS_AN_HOUR / 100
    assert f"| {zones} | {endpoints} | ${endpoints * each:.2f} | ${each:.2f} |" in TEXT


def test_every_setting_of_the_network_is_explained() -> None:
    """Those that exist, and none that does not."""
    known = {f"lakehouse:{field.alias}" for field in NetworkSettings.model_fields.values()}
    section = TEXT.partition("## Network")[2].partition("\n## ")[0]
    told = set(re.findall(r"lakehouse:\w+", section))
    assert told - {"lakehouse:workerCount"} == known
