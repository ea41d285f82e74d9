"""The data sources of the AWS provider that programs ask before they declare anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.bridge.clients import Clients
    from localaws.bridge.resource_type import Properties


def _caller_identity(clients: Clients) -> dict[str, Any]:
    caller = clients("sts").get_caller_identity()
    account = caller["Account"]
    return {
        "id": account,
        "accountId": account,
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def _partition(clients: Clients) -> dict[str, Any]:
    partition = clients.partition
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "id": partition,
        "partition": partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _region(clients: Clients) -> dict[str, Any]:
    region = clients.region
    return {
        "id": region,
        "region": region,
        "name": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


INVOKES: dict[str, Callable[[Clients], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
"""Token -> answer; none of them takes an argument here."""


def invoke(clients: Clients, token: str, arguments: Properties) -> dict[str, Any]:
    """Answer a data source.

    Raises:
        UnsupportedError: for a token not in the table, or an argument that would be ignored.
    """
    answer = INVOKES.get(token)
    if answer is None:
        raise UnsupportedError(
            f"localaws does not answer the data source {token}; it answers {', '.join(INVOKES)}"
        )
    given = sorted(key for key, value in arguments.items() if value is not None)
    if given:
        raise UnsupportedError(f"{token}: localaws takes no arguments, but got {', '.join(given)}")
    return answer(clients)
