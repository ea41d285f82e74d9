"""What a production stack leaves behind when it goes, and how the runbook takes it over again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_stack import closed_to_the_public
from tests.engine.there import named

if TYPE_CHECKING:
    from tests.engine.team import Team

pytestmark = pytest.mark.engine

HOLDING = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"}


@pytest.mark.timeout(600)  # two deployments
def test_what_holds_data_outlives_the_stack_and_is_adopted(team: Team) -> None:
    """Without its protection the stack goes; its data stays, closed, and so does the key to it. The
    commands of the runbook bring both into a stack that knows nothing of them.
    """
    team.shell("pulumi stack init prod && pulumi up")
    made = json.loads(team.shell("pulumi stack output --json"))
    s3 = team.client("s3")
    part = {"Bucket": made["bronze_bucket"], "Key": "songs/part-0.parquet"}
    s3.put_object(**part, Body=b"data")
    team.shell("pulumi state unprotect --all --yes && pulumi destroy")
    left = named(team.client, "music-prod")
    assert left.keys() == {"buckets", "keys"}
    assert len(left["buckets"]) == 7
    assert closed_to_the_public(team.client, made["bronze_bucket"]) == {True}

    found = team.client("kms").describe_key(KeyId="alias/music-prod")
    team.shell(
        ".venv/bin/python -m lakehouse.adoption prod "
        f"--key {found['KeyMetadata']['KeyId']} > import.json\n"
        "pulumi import --stack prod --file import.json --generate-code=false --yes"
    )
    planned = json.loads(team.shell("lakehouse preview --stack prod --json"))["changes"]
    holding = [step for step in planned if step["type"] in HOLDING]
    created = {step["name"] for step in holding if step["operation"] == "create"}
    assert created == {"aws-glue-scripts", "query-results"}, "those that went with the stack"
    assert {step["operation"] for step in holding} == {"create", "update"}
    team.shell("lakehouse up --stack prod && pulumi preview --stack prod --expect-no-changes")
    assert s3.get_object(**part)["Body"].read() == b"data"
