"""Actions: each that a policy, a rule or a test names exists, and takes the resource it is given.

The facts are those of AWS's service authorization reference, as the package policy-sentry brings
them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.all import get_all_actions

from policy import iam_actions
from policy.conditions import like
from policy.documents import statements
from policy.iam import identity_policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.documents import Statement
    from policy.model import Stack

POLICIES_OF_THINGS = {
    "iam/role:Role": "assumeRolePolicy",
    "s3/bucketPolicy:BucketPolicy": "policy",
    "kms/key:Key": "policy",
    "ec2/vpcEndpoint:VpcEndpoint": "policy",
    "sns/topicPolicy:TopicPolicy": "policy",
}
QUESTIONS = ("access_table.py", "test_access.py", "test_access_limits.py")
"""The files that ask who can do what."""

NO_ACTION_OF_IAM = "sso:GetRoleCredentials"
"""Checkov looks for it all the same."""

LISTS_AMONG = {"logs:DescribeLogGroups"}
"""Actions that AWS lists without a resource although they take one: log-group:*, in which they look
("CloudWatch Logs resources and operations").
"""

FILLINGS = ("x", "x/x", "log-stream:x", "x:log-stream:x")
"""What a wildcard of an ARN may stand for."""


@pytest.fixture(scope="module")
def all_stacks(declare: Callable[..., Stack], bootstrapped: Stack) -> list[Stack]:
    """Every stack, with what settings add to the policies, and the bootstrap."""
    more = {"lakehouse:lakeFormation": "grants", "lakehouse:extraEndpoints": '["athena"]'}
    return [declare("dev"), declare("local"), declare("prod", **more), bootstrapped]


def of_identities(stacks: list[Stack]) -> Iterator[tuple[str, Statement]]:
    """What roles, boundary and deployer hold, with the name of the policy."""
    for stack in stacks:
        for holder, statement in identity_policies(stack):
            yield f"{holder.name} {statement.sid}", statement


def formats(action: str) -> list[str]:
    """The ARNs that an action takes, with placeholders; none where it takes only ``*``."""
    service, _, name = action.partition(":")
    found = get_action_data(service, name)
    assert isinstance(found, dict), action
    listed = {str(one["resource_arn_format"]) for one in found[service]}
    return sorted(listed - {"*"})


def fits(arn: str, template: str) -> bool:
    """Whether an ARN, or one that its wildcards stand for, is of a format."""
    parts = re.split(r"(\$\{\w+\})", template)
    # A bucket's name ends at a slash, any other name may hold some.
    name = {"${BucketName}": "[^/]+"}
    wanted = "".join(
        name.get(part, ".+") if part.startswith("${") else re.escape(part) for part in parts
    )
    return any(re.fullmatch(wanted, arn.replace("*", filling)) for filling in FILLINGS)


def test_every_action_exists(all_stacks: list[Stack]) -> None:
    """IAM takes a name with a typing error without a word, and allows nothing by it."""
    known = {one.lower() for one in get_all_actions()}
    used = {
        action
        for stack in all_stacks
        for kind, name in POLICIES_OF_THINGS.items()
        for holder in stack.of(kind)
        for statement in statements(holder.document(name))
        for action in statement.actions or ()
    }
    used |= {one for _, statement in of_identities(all_stacks) for one in statement.actions or ()}
    asked = "".join(
        (Path(__file__).parent / name).read_text(encoding="utf-8") for name in QUESTIONS
    )
    services = "|".join({one.partition(":")[0] for one in used})
    # What a colon follows is a condition's key, in the context of a question.
    used |= set(re.findall(rf'"((?:{services}):[A-Z]\w+)"(?!:)', asked))
    used |= set(iam_actions.STAR_RESOURCES) | set(iam_actions.DEPLOYER_STARS)
    used |= {*iam_actions.ESCALATION, *iam_actions.CREDENTIALS} - {NO_ACTION_OF_IAM}
    used |= {*iam_actions.SECRETS, *iam_actions.PERMISSIONS}

    def exists(action: str) -> bool:
        small = action.lower()
        return small in known or ("*" in small and any(like(one, small) for one in known))

    assert not {action for action in used if not exists(action)}
    assert not exists("s3:GetObjects"), "a typing error is told"


def test_an_action_on_every_resource_takes_no_arn(all_stacks: list[Stack]) -> None:
    """Where an action could name its resource, it has to."""
    for action in (*iam_actions.STAR_RESOURCES, *iam_actions.DEPLOYER_STARS):
        assert not formats(action), action
    used = {
        (where, action)
        for where, statement in of_identities(all_stacks)
        if "*" in (statement.resources or ())
        for action in statement.actions or ()
    }
    assert used
    assert not [(where, action) for where, action in used if formats(action)]


def test_every_action_takes_the_resource_that_it_is_given(all_stacks: list[Stack]) -> None:
    """An action beside an ARN of another kind allows nothing, and nobody is told."""
    dead = {
        f"{where}: {action} takes {formats(action)}"
        for where, statement in of_identities(all_stacks)
        if "*" not in (statement.resources or ())
        for action in set(statement.actions or ()) - LISTS_AMONG
        if not any(fits(arn, one) for arn in statement.resources or () for one in formats(action))
    }
    assert not dead


def test_an_arn_of_another_kind_does_not_fit() -> None:
    """A bucket is no object, and a crawler no job."""
    bucket, thing = "arn:aws:s3:::b", "arn:aws:s3:::b/a/*"
    job = "arn:aws:glue:us-east-1:111122223333:job/x"
    for action, arn, expected in (
        ("s3:ListBucket", bucket, True),
        ("s3:ListBucket", thing, False),
        ("s3:DeleteObject", thing, True),
        ("s3:DeleteObject", bucket, False),
        ("s3:DeleteObject", "arn:aws:s3:::music-*", True),
        ("glue:GetJobRun", job, True),
        ("glue:GetCrawler", job, False),
        ("ec2:DescribeVpcs", "arn:aws:ec2:us-east-1:111122223333:vpc/x", False),
    ):
        assert any(fits(arn, one) for one in formats(action)) is expected, (action, arn)
    assert not any(formats(one) for one in LISTS_AMONG), "the exception is still one"
