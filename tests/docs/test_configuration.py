"""docs/configuration.md follows from the program: its keys, defaults, limits and sums."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakehouse.config import AwsSettings, Settings
from lakehouse.network_checks import ENDPOINTS
from lakehouse.network_settings import NetworkSettings
from lakehouse.settings_page import COSTS, STACKS, filled

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text("utf-8")
ROOT = Path(__file__).resolve().parents[2]
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


def test_the_tables_are_those_of_the_program() -> None:
    """Keys, limits and defaults come from the settings, the stacks' choices from their files."""
    assert filled(TEXT) == TEXT, "run .venv/bin/python -m lakehouse.settings_page"


def test_every_setting_has_its_line() -> None:
    """One each, with what it takes."""
    for model, namespace in ((Settings, "settings"), (AwsSettings, "aws settings")):
        table = TEXT.partition(f"<!-- {namespace} -->")[2].partition("<!-- end")[0]
        rows = [[cell.strip() for cell in line.split(" | ")] for line in table.splitlines()[3:]]
        told = {row[0].strip("| `"): row for row in rows if row[0]}
        assert set(told) == {field.alias for field in model.model_fields.values()}
        assert all(row[1] and row[2] for row in told.values())


def test_what_costs_is_a_setting() -> None:
    """No price outlives its key."""
    assert set(COSTS) <= {field.alias for field in Settings.model_fields.values()}


def test_the_stacks_are_those_that_have_a_file() -> None:
    """A new stack file gets its column."""
    assert {f"Pulumi.{stack}.yaml" for stack in STACKS} == {
        file.name for file in ROOT.glob("Pulumi.*.yaml")
    }


def test_the_readme_sets_keys_that_exist() -> None:
    """In its commands and its text."""
    known = {f"lakehouse:{field.alias}" for field in Settings.model_fields.values()}
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        told = set(re.findall(r"\blakehouse:[a-z]+[A-Z]\w+", page.read_text("utf-8")))
        assert told <= known, page.name
