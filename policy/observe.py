"""Logs and notices: kept long enough, encrypted, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.documents import statements
from policy.evaluator import Decision, Request, evaluate
from policy.model import UNKNOWN, rule
from policy.strangers import admitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Problem, Stack

TOPIC = "sns/topic:Topic"
PRODUCTION_RETENTION_DAYS = 365


@rule(43, "CKV_AWS_158", "CKV_AWS_66", "CKV_AWS_338")
def log_groups(stack: Stack) -> Iterator[Problem]:
    """Each log group is encrypted with a key of our own and ends some day, in production not
    within a year.
    """
    for group in stack.of("cloudwatch/logGroup:LogGroup"):
        if not group.get("kmsKeyId"):
            yield group, "names no key"
        days = group.get("retentionInDays")
        if not days:
            yield group, "keeps logs for ever"
        elif stack.production and days != UNKNOWN and days < PRODUCTION_RETENTION_DAYS:
            yield group, f"keeps logs of production for only {days} days"


@rule(43, "CKV_AWS_26", "FSBP SNS.1", "AwsSolutions-SNS3", "CKV_AWS_169", "CKV_AWS_385")
def topics(stack: Stack) -> Iterator[Problem]:
    """Each topic is encrypted with a key of our own, refuses to be published to without TLS, and
    lets only this account publish.
    """
    for topic in stack.of(TOPIC):
        key = str(topic.get("kmsMasterKeyId") or "")
        if not key or key.endswith("alias/aws/sns"):
            yield topic, "names no key of our own"
        holders = [
            one
            for one in (topic, *stack.pointing("sns/topicPolicy:TopicPolicy", "arn", topic))
            if one.get("policy")
        ]
        if not holders:
            yield topic, "has no policy, so that it takes notices without TLS"
        for holder in holders:
            document = holder.document("policy")
            if document is None:
                continue
            for one in statements(document):
                for who in admitted(one, stack.account):
                    yield holder, f"the statement {one.sid} lets in {who}"
            target = next(iter(statements(document)[0].resources or ()), "*")
            sender = f"arn:{stack.partition}:iam::{stack.account}:role/sender"
            known = {"aws:SecureTransport": "false", "aws:PrincipalAccount": stack.account}
            request = Request(sender, "sns:Publish", target, known)
            if evaluate(request, resource_policy=document) is not Decision.EXPLICIT_DENY:
                yield holder, "takes notices without TLS"


RULES = (log_groups, topics)
