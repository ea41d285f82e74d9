"""Topics, their policies and who is subscribed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Shape, tag_list, tag_map, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_TOPIC: Shape = {
    "name": "Name",
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
}
_POLICY: Shape = {"arn": "TopicArn", "policy": "Policy"}
_SUBSCRIPTION: Shape = {"topic": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"}


def _create_topic(clients: Clients, inputs: Properties) -> Made:
    # SNS answers with the topic of this name where there is one.
    arn = clients("sns").create_topic(Name=inputs["name"])["TopicArn"]
    return _update_topic(clients, arn, inputs)


def _update_topic(clients: Clients, arn: str, inputs: Properties) -> Made:
    sns = clients("sns")
    for attribute, name in (("KmsMasterKeyId", "kmsMasterKeyId"), ("DisplayName", "displayName")):
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName=attribute, AttributeValue=inputs.get(name, "")
        )
    tags = tag_list(inputs)
    old = {tag["Key"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    stale = sorted(old - {tag["Key"] for tag in tags})
    if stale:
        sns.untag_resource(ResourceArn=arn, TagKeys=stale)
    if tags:
        sns.tag_resource(ResourceArn=arn, Tags=tags)
    return Made(arn, {"arn": arn, "owner": clients.account_id})


def _attributes(clients: Clients, arn: str) -> dict[str, Any] | None:
    try:
        return dict(clients("sns").get_topic_attributes(TopicArn=arn)["Attributes"])
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NotFound", "NotFoundException"}:
            return None
        raise


def _describe_topic(clients: Clients, arn: str, _: Properties) -> Properties | None:
    found = _attributes(clients, arn)
    if found is None:
        return None
    tags = tag_map(clients("sns").list_tags_for_resource(ResourceArn=arn)["Tags"])
    return {**told(_TOPIC, {**found, "Name": arn.rpartition(":")[2]}), "tagsAll": tags}


def _describe_policy(clients: Clients, arn: str, _: Properties) -> Properties | None:
    found = _attributes(clients, arn)
    return None if found is None else told(_POLICY, found)


def _put_policy(clients: Clients, inputs: Properties) -> Made:
    arn = inputs["arn"]
    clients("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return Made(arn, {"owner": clients.account_id})


def _subscribe(clients: Clients, inputs: Properties) -> Made:
    made = clients("sns").subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
    )
    return Made(made["SubscriptionArn"], {"arn": made["SubscriptionArn"]})


def _describe_subscription(clients: Clients, arn: str, _: Properties) -> Properties | None:
    pages = clients("sns").get_paginator("list_subscriptions").paginate()
    listed = (one for page in pages for one in page["Subscriptions"])
    return next((told(_SUBSCRIPTION, one) for one in listed if one["SubscriptionArn"] == arn), None)


TYPES: dict[str, ResourceType] = {
    "aws:sns/topic:Topic": ResourceType(
        shape=_TOPIC,
        create=_create_topic,
        describe=_describe_topic,
        update=_update_topic,
        delete=lambda clients, arn, _: clients("sns").delete_topic(TopicArn=arn),
        replace_on=frozenset({"name"}),
        taggable=True,
    ),
    "aws:sns/topicPolicy:TopicPolicy": ResourceType(
        shape=_POLICY,
        create=_put_policy,
        describe=_describe_policy,
        update=lambda clients, _, inputs: _put_policy(clients, inputs),
        # It goes with its topic; SNS has no topic without a policy.
        delete=lambda *_: None,
        replace_on=frozenset({"arn"}),
    ),
    "aws:sns/topicSubscription:TopicSubscription": ResourceType(
        shape=_SUBSCRIPTION,
        create=_subscribe,
        describe=_describe_subscription,
        update=None,
        delete=lambda clients, arn, _: clients("sns").unsubscribe(SubscriptionArn=arn),
    ),
}
