"""Settings that are taken: what lies just within the limits, and the committed stack files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.config import Settings
from lakehouse.setting_checks import REQUIRED_TAGS
from localaws.bridge import stack_config
from policy import glue
from tests.unit.lakehouse.settings import PROD, tags

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="none at all"),
        pytest.param({"aws:defaultTags": tags()}, id="those of dev"),
        pytest.param({"aws:defaultTags": tags(Environment="staging")}, id="a stack's name"),
        pytest.param(
            {"aws:defaultTags": tags(Environment="prod"), "lakehouse:allowDataDeletion": "true"},
            id="production that is being taken down",
        ),
        pytest.param(
            {
                **PROD,
                "lakehouse:noncurrentVersionDays": "7",
                "lakehouse:accessLogDays": "90",
                "lakehouse:analystPrincipals": '["arn:aws:iam::999999999999:role/analysts"]',
            },
            id="the least that production takes",
        ),
    ],
)
def test_what_lies_just_within_the_limits_is_taken(
    declare: Callable[..., Any], config: dict[str, Any]
) -> None:
    """A limit refuses what is beyond it, and nothing else."""
    assert declare(config).outputs["job_name"]


def test_the_tags_that_are_demanded_are_those_of_the_policy_checks() -> None:
    """What the settings accept must not be stopped later by a rule."""
    assert REQUIRED_TAGS == glue.REQUIRED_TAGS


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_each_stack_file_names_and_explains_every_setting(stack: str) -> None:
    """A key that exists but stands in no file, or without a comment, cannot be found by anyone."""
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    for field in Settings.model_fields.values():
        key = f"lakehouse:{field.alias}"
        assert f"  # {key} (" in text, f"{key} has no comment in Pulumi.{stack}.yaml"
        assert f"  {key}: " in text or f"  # {key}: " in text
    for key in stack_config(ROOT / f"Pulumi.{stack}.yaml"):
        assert f"{key}" in "".join(line for line in text.splitlines() if "#" in line), key


@pytest.mark.parametrize(
    ("stack", "account"), [("dev", "123456789012"), ("prod", "111122223333"), ("local", None)]
)
def test_each_stack_file_is_accepted_by_the_program(
    declare: Callable[..., Any], stack: str, account: str | None
) -> None:
    """The committed files hold no mistake themselves."""
    config = stack_config(ROOT / f"Pulumi.{stack}.yaml")
    declared = declare(config, stack=stack, account=account or "123456789012")
    assert declared.outputs["job_name"] == f"music-{stack}-bronze"


def test_no_stack_file_holds_an_encryption_salt() -> None:
    """A committed salt would let everyone guess the passphrase at leisure."""
    for file in ROOT.glob("Pulumi*.yaml"):
        assert "encryptionsalt" not in file.read_text(encoding="utf-8")


def test_defaults_that_the_files_show_are_those_of_the_program() -> None:
    """Every commented-out default in Pulumi.dev.yaml is the value that leaving it out gives."""
    lines = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8").splitlines()
    defaults = Settings(environment="dev")
    for name, field in Settings.model_fields.items():
        shown = [line for line in lines if line.startswith(f"  # lakehouse:{field.alias}: ")]
        default = getattr(defaults, name)
        # Without a default the files show an example.
        if shown and default not in {(), None}:
            text = json.dumps(default) if isinstance(default, (tuple, bool)) else str(default)
            assert shown[0].partition(": ")[2] in {text, f'"{text}"'}
