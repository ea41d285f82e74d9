"""The pipeline on the stack, as the operator that a team would let run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import AccessError
from pipeline.outputs import parameter_name
from pipeline.progress import PlainDisplay
from pipeline.sample import Recipe, write_sample
from pipeline.wait import SystemClock
from smoke.subject import Run, Subject, assumed, client_of

if TYPE_CHECKING:
    from lakehouse.naming import Names
    from pipeline.aws import Aws
    from smoke.deployment import Deployment

SAMPLE = Recipe(songs=40, days=2, events_per_day=200, seed=7, dirty=0.01)
"""Enough for every table to have rows, and for the quarantine too."""


def begin(aws: Aws, names: Names, deployment: Deployment) -> Subject:
    """Run the pipeline on the sample as the operator, as a team's automation would."""
    clock = SystemClock()
    parameter = client_of(aws, "ssm").get_parameter(Name=parameter_name(names.stack))
    outputs: dict[str, Any] = json.loads(parameter["Parameter"]["Value"])
    operator = assumed(aws, outputs["operator_role_arn"], clock)
    run = run_as(operator, names.stack)
    return Subject(names, aws, outputs, deployment, run, clock)


def run_as(aws: Aws, stack: str) -> Run:
    """`lakehouse run` in a process that has these credentials and no others."""
    credentials = aws.session.get_credentials()
    if credentials is None:
        raise AccessError("The operator's role gave no credentials.")
    frozen = credentials.get_frozen_credentials()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "AWS_PROFILE"},
        "AWS_ACCESS_KEY_ID": frozen.access_key or "",
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        "AWS_SESSION_TOKEN": frozen.token or "",
        "AWS_REGION": aws.session.region_name,
    }
    if aws.endpoint is not None:
        environment |= {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ALLOW_HTTP": "true"}
    with tempfile.TemporaryDirectory(prefix="lakehouse-smoke-") as folder:
        source = Path(folder) / "sample"
        write_sample(source, SAMPLE, PlainDisplay(sys.stderr))
        command = [sys.executable, "-m", "pipeline", "run", "--stack", stack]
        ended = subprocess.run(
            [*command, "--source", str(source), "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    try:
        document: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        problem = {"message": f"no answer (exit code {ended.returncode})"}
        document = {"status": "failed", "error": problem}
    return Run(document)
