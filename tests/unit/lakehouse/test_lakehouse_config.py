"""Settings: every mistake is told in one sentence, before anything is declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from lakehouse.config import Settings
from lakehouse.errors import ConfigError
from lakehouse.setting_checks import REQUIRED_TAGS
from localaws.bridge import stack_config
from localaws.bridge.monitor import run
from policy import glue

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
PROD = {
    "lakehouse:environment": "prod",
    "aws:allowedAccountIds": '["123456789012"]',
    "aws:defaultTags": '{"tags": {"Project": "p", "Environment": "prod", "ManagedBy": "m"}}',
    "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:role/operators"]',
}


def tags(**changed: str) -> str:
    """Good default tags of dev but for those that are changed, as Pulumi hands them over."""
    good = {"Project": "lakehouse", "Environment": "dev", "ManagedBy": "pulumi"}
    return json.dumps({"tags": {**good, **changed}})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        pytest.param(
            {"lakehouse:workerCuont": "3"},
            ["lakehouse:workerCuont = '3'", "did you mean lakehouse:workerCount?"],
            id="unknown key, near a known one",
        ),
        pytest.param(
            {"lakehouse:worker_count": "3"},
            ["lakehouse:worker_count = '3'", "did you mean lakehouse:workerCount?"],
            id="a known key in Python's spelling",
        ),
        pytest.param(
            {"lakehouse:zzz": "3"},
            ["lakehouse:zzz", "it knows ", "environment, prefix"],
            id="unknown key, near none",
        ),
        pytest.param(
            {"lakehouse:workerCount": "many"},
            ["lakehouse:workerCount = 'many'", "a whole number of workers from 2 to 100"],
            id="wrong type",
        ),
        pytest.param(
            {"lakehouse:workerCount": "2.5"},
            ["lakehouse:workerCount = '2.5'", "a whole number"],
            id="no whole number",
        ),
        pytest.param(
            {"lakehouse:allowDataDeletion": "yes"},
            ["lakehouse:allowDataDeletion = 'yes'", "true or false"],
            id="no boolean",
        ),
        pytest.param(
            {"lakehouse:workerCount": "1"},
            ["lakehouse:workerCount = '1'", "from 2 to 100"],
            id="below the range",
        ),
        pytest.param(
            {"lakehouse:queryBytesLimit": "1000"},
            ["lakehouse:queryBytesLimit = '1000'", "10485760"],
            id="below Athena's own limit",
        ),
        pytest.param(
            {"lakehouse:glueVersion": "4.0"},
            ["lakehouse:glueVersion = '4.0'", "5.1 or 6.0"],
            id="none of the choices",
        ),
        pytest.param(
            {"lakehouse:prefix": "My_Music"},
            ["lakehouse:prefix = 'My_Music'", "a-z, 0-9"],
            id="no name for a bucket",
        ),
        pytest.param(
            {"lakehouse:operatorPrincipals": '["somebody"]'},
            ["lakehouse:operatorPrincipals", "ARNs"],
            id="no ARN",
        ),
        pytest.param(
            {"lakehouse:analystTables": '["songs", "quarantined_records"]'},
            ["lakehouse:analystTables", "one or more of songs, artists, users, time"],
            id="analysts in the quarantine",
        ),
        pytest.param(
            {"lakehouse:permissionsBoundaryArn": "boundary"},
            ["lakehouse:permissionsBoundaryArn = 'boundary'", "the ARN of an IAM policy"],
            id="a boundary that is no policy",
        ),
        pytest.param(
            {"lakehouse:lakeFormation": "on"},
            ["lakehouse:lakeFormation = 'on'", "off or grants"],
            id="no mode of Lake Formation",
        ),
        pytest.param(
            {"lakehouse:environment": None},
            ["lakehouse:environment is missing", "dev or prod"],
            id="required key missing",
        ),
        pytest.param(
            {"aws:region": None}, ["aws:region is missing", "us-east-1"], id="region missing"
        ),
        pytest.param(
            {"aws:region": "Ireland"}, ["aws:region = 'Ireland'"], id="region is no region"
        ),
        pytest.param(
            {"aws:allowedAccountIds": "[123456789012]"},
            ["aws:allowedAccountIds", "in quotes"],
            id="account ids that lost their quotes",
        ),
        pytest.param(
            {**PROD, "aws:allowedAccountIds": None},
            ["aws:allowedAccountIds is missing"],
            id="prod without its account",
        ),
        pytest.param(
            {**PROD, "lakehouse:operatorPrincipals": None},
            ["lakehouse:operatorPrincipals is missing"],
            id="prod without operators",
        ),
        pytest.param(
            {**PROD, "lakehouse:operatorPrincipals": '["arn:aws:iam::123456789012:root"]'},
            ["lakehouse:operatorPrincipals names 'arn:aws:iam::123456789012:root'", "in prod"],
            id="prod operated by everybody of the account",
        ),
        pytest.param(
            {**PROD, "lakehouse:analystPrincipals": '["arn:aws:iam::999999999999:root"]'},
            ["lakehouse:analystPrincipals names 'arn:aws:iam::999999999999:root'", "in prod"],
            id="prod read by everybody of another account",
        ),
        pytest.param(
            {**PROD, "lakehouse:operatorPrincipals": '["123456789012"]'},
            ["lakehouse:operatorPrincipals", "no root"],
            id="an account without an ARN",
        ),
        pytest.param(
            {**PROD, "lakehouse:noncurrentVersionDays": "6"},
            ["lakehouse:noncurrentVersionDays = 6 is not allowed in prod", "at least 7 days"],
            id="prod that forgets what was deleted",
        ),
        pytest.param(
            {**PROD, "lakehouse:accessLogDays": "89"},
            ["lakehouse:accessLogDays = 89 is not allowed in prod", "at least 90 days"],
            id="prod that forgets who was there",
        ),
        pytest.param(
            {**PROD, "aws:defaultTags": None},
            ["aws:defaultTags is missing", "Project, Environment, ManagedBy"],
            id="prod without tags",
        ),
        pytest.param(
            {**PROD, "aws:defaultTags": tags(Environment="dev")},
            ["Environment = 'dev'", "lakehouse:environment is 'prod'", "the same value"],
            id="prod that says it is dev",
        ),
        pytest.param(
            {"aws:defaultTags": tags(Environment="prod")},
            ["Environment = 'prod'", "lakehouse:environment is 'dev'"],
            id="dev that says it is prod",
        ),
        pytest.param(
            {"aws:defaultTags": tags(ManagedBy="")},
            ["aws:defaultTags", "'Project': 'lakehouse'", "has no tag ManagedBy"],
            id="a tag without a value",
        ),
        pytest.param(
            {"aws:defaultTags": '["Project"]'},
            ["aws:defaultTags = '[\"Project\"]' is not allowed", "an object `tags`"],
            id="tags that are no object",
        ),
        pytest.param(
            {**PROD, "lakehouse:allowDataDeletion": "true"},
            ["lakehouse:allowDataDeletion", "not allowed in prod", "set lakehouse:environment"],
            id="prod with data deletion",
        ),
        pytest.param(
            {"aws:allowedAccountIds": '["111122223333"]'},
            ["account 123456789012", "aws:allowedAccountIds lists 111122223333"],
            id="credentials of another account",
        ),
        pytest.param(
            {"lakehouse:prefix": "a-prefix-of-twenty-c", "aws:region": "ap-southeast-1"},
            ["lakehouse:prefix = 'a-prefix-of-twenty-c'", "S3 allows 63"],
            id="bucket names too long",
        ),
    ],
)
def test_a_mistake_is_named_with_what_came_and_what_is_allowed(
    declare: Callable[..., Any], config: dict[str, Any], told: list[str]
) -> None:
    """The message names the key, what came, what is allowed and the file to edit."""
    with pytest.raises(ConfigError) as caught:
        declare(config)
    message = str(caught.value)
    for part in [*told, "Pulumi.dev.yaml"]:
        assert part in message
    assert "\n" not in message


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


def test_all_mistakes_are_told_at_once(declare: Callable[..., Any]) -> None:
    """Two wrong keys give two sentences, not one after the other in two runs."""
    with pytest.raises(ConfigError) as caught:
        declare({"lakehouse:workerCount": "1", "lakehouse:queryResultDays": "0"})
    assert len(caught.value.problems) == 2


def test_a_mistake_stops_the_program_before_its_first_resource() -> None:
    """Nothing at all is registered when the settings are wrong."""
    from lakehouse.program import program  # noqa: PLC0415 - beside what it is about

    class Nothing:
        def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
            pytest.fail(f"asked {token} {arguments}")

        def register(self, urn: str, *_: Any) -> tuple[str, dict[str, Any]]:
            pytest.fail(f"registered {urn}")

    with pytest.raises(ConfigError):
        run(program, Nothing(), project="lakehouse", stack="dev", config={"lakehouse:x": "1"})


def test_the_error_is_one_that_pulumi_prints_without_a_traceback() -> None:
    """Pulumi's language host prints a RunError's message alone."""
    assert issubclass(ConfigError, pulumi.RunError)


@pytest.mark.parametrize("stack", ["Dev", "my_stack", "-dev", "a.b"])
def test_a_stack_whose_name_fits_no_bucket_is_refused(
    declare: Callable[..., Any], stack: str
) -> None:
    """A stack's name becomes part of bucket names, so it keeps to their letters."""
    with pytest.raises(ConfigError, match="bucket names"):
        declare(stack=stack)


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
