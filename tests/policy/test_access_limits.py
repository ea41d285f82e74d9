"""What limits every role, whatever its own policies allow: the endpoints and the boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bootstrap.boundary import boundary
from bootstrap.names import BootstrapNames
from policy.evaluator import Decision, Request, evaluate
from tests.policy.access_table import CONDITIONS, TABLE
from tests.policy.collected import ACCOUNT
from tests.policy.world import CAN, CANNOT, NAMES, REGION

if TYPE_CHECKING:
    from tests.policy.world import World

GLUES = f"aws-glue-jes-prod-{REGION}-assets"
THEIRS = "999999999999"
OURS_BY_US = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
THEIRS_BY_US = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": THEIRS}
OURS_BY_THEM = {"aws:PrincipalAccount": THEIRS, "aws:ResourceAccount": ACCOUNT}

ENDPOINTS: list[tuple[str, str, str, dict[str, str], bool]] = [
    # To S3: our buckets for our account, and of others' those alone that are called like Glue's.
    ("s3", "s3:GetObject", "{landing-zone}/song-data/a.json", OURS_BY_US, CAN),
    ("s3", "s3:PutObject", "{bronze}/songs/part-0.parquet", OURS_BY_US, CAN),
    ("s3", "s3:ListBucket", "{bronze}", OURS_BY_US, CAN),
    ("s3", "s3:GetObject", "{bronze}/songs/part-0.parquet", OURS_BY_THEM, CANNOT),
    ("s3", "s3:PutObject", "{bronze}/songs/part-0.parquet", OURS_BY_THEM, CANNOT),
    ("s3", "s3:PutBucketPolicy", "{bronze}", OURS_BY_US, CANNOT),
    ("s3", "s3:DeleteObjectVersion", "{bronze}/songs/part-0.parquet", OURS_BY_US, CANNOT),
    ("s3", "s3:PutObject", "arn:aws:s3:::somebody-else/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:GetObject", "arn:aws:s3:::somebody-else/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:GetObject", "arn:aws:s3:::another-of-ours/x", OURS_BY_US, CANNOT),
    ("s3", "s3:GetObject", f"arn:aws:s3:::{GLUES}/libs/x.jar", {"aws:PrincipalAccount": "1"}, CAN),
    ("s3", "s3:PutObject", f"arn:aws:s3:::{GLUES}/x", THEIRS_BY_US, CANNOT),
    ("s3", "s3:ListBucket", f"arn:aws:s3:::{GLUES}", THEIRS_BY_US, CANNOT),
    # The way out that docs/security.md names: a stranger's bucket may bear such a name.
    ("s3", "s3:GetObject", "arn:aws:s3:::aws-glue-of-a-stranger/x", THEIRS_BY_US, CAN),
    # To the others: their one service, by our account, on what is ours.
    ("glue", "glue:GetJobRun", "{job}", OURS_BY_US, CAN),
    ("glue", "glue:GetJobRun", "{job}", OURS_BY_THEM, CANNOT),
    ("glue", "glue:GetTable", f"arn:aws:glue:{REGION}:{THEIRS}:table/d/t", THEIRS_BY_US, CANNOT),
    ("glue", "s3:GetObject", "{bronze}/songs/x", OURS_BY_US, CANNOT),
    ("logs", "logs:PutLogEvents", "{job-logs}:log-stream:1", OURS_BY_US, CAN),
    (
        "logs",
        "logs:PutLogEvents",
        f"arn:aws:logs:{REGION}:{THEIRS}:log-group:g",
        THEIRS_BY_US,
        CANNOT,
    ),
    ("logs", "logs:PutLogEvents", "{job-logs}:log-stream:1", OURS_BY_THEM, CANNOT),
    ("kms", "kms:Decrypt", "{key}", OURS_BY_US, CAN),
    ("kms", "kms:Encrypt", f"arn:aws:kms:{REGION}:{THEIRS}:key/k", THEIRS_BY_US, CANNOT),
    ("kms", "kms:Decrypt", "{key}", OURS_BY_THEM, CANNOT),
    ("sts", "sts:AssumeRole", f"arn:aws:iam::{THEIRS}:role/r", THEIRS_BY_US, CANNOT),
    # These name no resource.
    ("sts", "sts:GetCallerIdentity", "*", {"aws:PrincipalAccount": ACCOUNT}, CAN),
    ("sts", "sts:GetCallerIdentity", "*", {"aws:PrincipalAccount": THEIRS}, CANNOT),
    ("monitoring", "cloudwatch:PutMetricData", "*", {"aws:PrincipalAccount": ACCOUNT}, CAN),
    ("monitoring", "cloudwatch:PutMetricData", "*", {"aws:PrincipalAccount": THEIRS}, CANNOT),
]
"""Endpoint, action, resource, what AWS knows of the request, and whether it passes."""


@pytest.mark.parametrize("row", ENDPOINTS, ids=str)
def test_what_passes_the_endpoints(
    world: World, row: tuple[str, str, str, dict[str, str], bool]
) -> None:
    """An endpoint lets pass or not, whatever the caller's own policies allow."""
    endpoint, action, resource, context, expected = row
    caller = f"arn:aws:iam::{context['aws:PrincipalAccount']}:role/r"
    request = Request(caller, action, resource.format(**world.places), context)
    decision = evaluate(request, resource_policy=world.doors[endpoint])
    assert (decision is Decision.ALLOWED) is expected


def test_each_endpoint_is_asked_for_both(world: World) -> None:
    """None is left out of the table, and none lets everything pass."""
    for endpoint in world.doors:
        assert {row[4] for row in ENDPOINTS if row[0] == endpoint} == {CAN, CANNOT}, endpoint


def test_a_boundary_takes_away_what_it_leaves_out(world: World) -> None:
    """With one that knows S3 alone, the job still reads, and decrypts no more."""
    boundary = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    assert world.can("job", "s3:GetObject", "{landing-zone}/a.json", {}, boundary)
    assert not world.can("job", "kms:Decrypt", "{key}", {}, boundary)
    assert world.can("job", "kms:Decrypt", "{key}", {})


def test_the_boundary_of_the_bootstrap_takes_nothing_that_is_needed(world: World) -> None:
    """Whatever an actor can do, it can do under the boundary, and nothing about identities."""
    limit = boundary(BootstrapNames(NAMES.prefix, NAMES.account))
    alias = {"kms:resourceAliases": NAMES.key_alias}
    for actor, action, resource, expected in TABLE:
        if expected:
            assert world.can(actor, action, resource, alias, limit), (actor, action, resource)
    for actor, action, resource, context, expected in CONDITIONS:
        if expected:
            known = {**alias, **context}
            assert world.can(actor, action, resource, known, limit), (actor, action, resource)
    for action in ("iam:PutRolePolicy", "iam:PassRole", "sts:AssumeRole", "kms:PutKeyPolicy"):
        everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        request = Request(NAMES.iam_arn("role/r"), action, world.places["key"], alias)
        assert evaluate(request, identity=[everything], boundary=limit) is not Decision.ALLOWED
