"""Topics, their policies and who is subscribed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import tag_list

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients


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


def _topic_exists(clients: Clients, arn: str, _: Properties) -> bool:
    try:
        clients("sns").get_topic_attributes(TopicArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NotFound", "NotFoundException"}:
            return False
        raise
    return True


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


def _is_subscribed(clients: Clients, arn: str, _: Properties) -> bool:
    pages = clients("sns").get_paginator("list_subscriptions").paginate()
    return any(one["SubscriptionArn"] == arn for page in pages for one in page["Subscriptions"])


TYPES: dict[str, ResourceType] = {
    "aws:sns/topic:Topic": ResourceType(
        shape={
            "name": "Name",
            "displayName": "DisplayName",
            "kmsMasterKeyId": "KmsMasterKeyId",
        },
        create=_create_topic,
        exists=_topic_exists,
        update=_update_topic,
        delete=lambda clients, arn, _: clients("sns").delete_topic(TopicArn=arn),
        replace_on=frozenset({"name"}),
        taggable=True,
    ),
    "aws:sns/topicPolicy:TopicPolicy": ResourceType(
        shape={"arn": "TopicArn", "policy": "Policy"},
        create=_put_policy,
        exists=_topic_exists,
        update=lambda clients, _, inputs: _put_policy(clients, inputs),
        # It goes with its topic; SNS has no topic without a policy.
        delete=lambda *_: None,
        replace_on=frozenset({"arn"}),
    ),
    "aws:sns/topicSubscription:TopicSubscription": ResourceType(
        shape={"topic": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"},
        create=_subscribe,
        exists=_is_subscribed,
        update=None,
        delete=lambda clients, arn, _: clients("sns").unsubscribe(SubscriptionArn=arn),
    ),
}
