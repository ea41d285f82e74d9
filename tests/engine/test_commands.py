"""The very commands of README, workflows and runbook, given to a shell in their order."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.test_stack import closed_to_the_public
from tests.engine.there import named

if TYPE_CHECKING:
    from localaws.process import Server
    from tests.engine.team import Team

pytestmark = pytest.mark.engine

HOLDING = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"}


@pytest.mark.timeout(900)  # four deployments and a run of the pipeline
def test_from_the_bootstrap_to_a_release_and_its_end(team: Team, account: Server) -> None:
    """An administrator follows the README; then a pull request, its merge, and a release, each by
    the role that it has. What was deployed is what Pulumi's own preview and ours find; state and
    secrets are where the bootstrap made room for them. When production goes, its data stays.
    """
    team.shell("pulumi stack init account && pulumi up", "bootstrap")
    made = json.loads(team.shell("pulumi stack output --json", "bootstrap"))
    where = f"region=us-east-1&endpoint={account.endpoint}&s3ForcePathStyle=true"
    variables = {
        "AWS_REGION": "us-east-1",
        "PULUMI_BACKEND_URL": f"{made['backend_url']}?{where}",
        "DEPLOYER_ROLE_ARN": made["deployer_role_arn"],
        "PREVIEWER_ROLE_ARN": made["previewer_role_arn"],
    }
    team.environment["PULUMI_BACKEND_URL"] = variables["PULUMI_BACKEND_URL"]
    del team.environment["PULUMI_CONFIG_PASSPHRASE"]
    boundary = {"lakehouse:permissionsBoundaryArn": made["permissions_boundary_arn"]}
    for stack in ("dev", "prod"):
        team.shell(f"pulumi stack init {stack} --secrets-provider {made['secrets_provider']!r}")
        team.edit(f"Pulumi.{stack}.yaml", boundary)

    (previewed,) = team.job("pull-request", "preview", variables)
    assert re.search(r"lakehouse\S* +1\.0\.0", previewed), "the CLI says which pack it asked"
    assert re.search(r"\d+ to create", previewed)
    planned, _, _, ran = team.job("main", "dev", variables)
    told = json.loads(ran)
    assert told["status"] == "succeeded"
    assert told["files"]["ingested"] == told["upload"]["found"] == 62
    assert told["query"]["row_count"] > 0
    bucket = made["backend_url"].removeprefix("s3://")
    kept = team.client("s3").get_object(Bucket=bucket, Key=".pulumi/stacks/lakehouse/dev.json")
    assert json.load(kept["Body"])["checkpoint"]["latest"]["secrets_providers"]["type"] == "cloud"
    assert re.findall(r"\d+ to create", planned) == re.findall(r"\d+ to create", previewed)

    team.sign_in(made["previewer_role_arn"])
    team.shell("pulumi preview --stack dev --expect-no-changes")
    team.shell("lakehouse preview --stack dev --refresh --expect-no-changes")
    _, deployed = team.job("release", "prod", variables)
    assert set(json.loads(deployed)["operations"]) == {"create"}
    job = team.shell("pulumi stack select prod && pulumi stack output job_name").strip()
    assert job == json.loads(deployed)["outputs"]["job_name"]
    outlives(team, json.loads(deployed)["outputs"])


def outlives(team: Team, made: dict[str, Any]) -> None:
    """Without its protection a production stack goes; its data and the key to it stay, closed. The
    commands of the runbook bring both into a stack that knows nothing of them.
    """
    s3 = team.client("s3")
    part = {"Bucket": made["bronze_bucket"], "Key": "songs/part-0.parquet"}
    s3.put_object(**part, Body=b"data")
    team.shell("pulumi state unprotect --all --yes && pulumi destroy --stack prod")
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
