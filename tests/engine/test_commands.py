"""The very commands of README and workflows, given to a shell in their order."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from localaws.process import Server
    from tests.engine.team import Team

pytestmark = pytest.mark.engine


@pytest.mark.timeout(900)  # three deployments and a run of the pipeline
def test_from_the_bootstrap_to_the_first_release(team: Team, account: Server) -> None:
    """An administrator follows the README; then a pull request, its merge, and a release, each by
    the role that it has. What was deployed is what Pulumi's own preview and ours find; state and
    secrets are where the bootstrap made room for them.
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
