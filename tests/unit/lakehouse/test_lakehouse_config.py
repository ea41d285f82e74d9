"""Settings: every mistake is told in one sentence, before anything is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from lakehouse.errors import ConfigError
from localaws.bridge.monitor import run
from tests.unit.lakehouse.settings import PROD, tags

if TYPE_CHECKING:
    from collections.abc import Callable


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
