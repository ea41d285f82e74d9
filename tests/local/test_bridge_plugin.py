"""The stand-in provider: what it answers the engine, call by call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2

from localaws.bridge.plugin import Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.process import Server

PARAMETER = "urn:pulumi:s::p::aws:ssm/parameter:Parameter::x"
QUERY = "urn:pulumi:s::p::lakehouse:query:Query$aws:athena/namedQuery:NamedQuery::x"


class Aborted(Exception):  # noqa: N818 - what a gRPC context does, not an error of ours
    """The call ended with an error for the engine."""


class Context:
    """As much of a gRPC context as the provider uses."""

    def abort(self, code: object, message: str) -> NoReturn:
        """End the call."""
        raise Aborted(f"{code}: {message}")


def struct(**values: Any) -> struct_pb2.Struct:
    """Property values as the engine sends them."""
    made = struct_pb2.Struct()
    made.update(values)
    return made


@pytest.fixture
def provider(server: Server) -> Provider:
    """A provider that was given its settings, as text inside, like the engine does."""
    made = Provider()
    made.Configure(
        provider_pb2.ConfigureRequest(
            args=struct(
                region="us-east-1",
                endpoints=json.dumps([{"s3": server.endpoint}]),
                defaultTags=json.dumps({"tags": {"Team": "music"}}),
            )
        ),
        Context(),
    )
    return made


def test_it_talks_to_no_aws_but_the_one_it_is_told() -> None:
    """Without an endpoint it refuses to begin: its credentials are no real ones."""
    with pytest.raises(Aborted, match="aws:endpoints"):
        Provider().Configure(provider_pb2.ConfigureRequest(args=struct(region="x")), Context())


def test_a_check_adds_the_default_tags(provider: Provider) -> None:
    """So that a change of the default tags is a change of each resource."""
    request = provider_pb2.CheckRequest(urn=PARAMETER, news=struct(name="a", tags={"A": "b"}))
    inputs = json_format.MessageToDict(provider.Check(request, Context()).inputs)
    assert inputs["tagsAll"] == {"Team": "music", "A": "b"}


@pytest.mark.parametrize(
    ("urn", "inputs", "told"),
    [
        (PARAMETER, {"allowedPattern": "x"}, "allowedPattern"),
        ("urn:pulumi:s::p::aws:sqs/queue:Queue::x", {}, "aws:sqs/queue:Queue"),
    ],
)
def test_a_check_refuses_what_the_table_does_not_know(
    provider: Provider, urn: str, inputs: dict[str, Any], told: str
) -> None:
    """The engine shows the reason beside the resource, before anything is made."""
    request = provider_pb2.CheckRequest(urn=urn, news=struct(**inputs))
    (failure,) = provider.Check(request, Context()).failures
    assert told in failure.reason


@pytest.mark.parametrize(
    ("urn", "old", "new", "replaces"),
    [
        (PARAMETER, {"name": "a", "value": "1"}, {"name": "a", "value": "2"}, []),
        (PARAMETER, {"name": "a", "value": "1"}, {"name": "b", "value": "1"}, ["name"]),
        (QUERY, {"name": "a", "query": "1"}, {"name": "a", "query": "2"}, ["query"]),
    ],
)
def test_a_diff_says_what_changes_and_what_that_replaces(
    provider: Provider, urn: str, old: dict[str, Any], new: dict[str, Any], replaces: list[str]
) -> None:
    """As AWS can: in place where there is an update call, else by a new resource."""
    request = provider_pb2.DiffRequest(urn=urn, old_inputs=struct(**old), news=struct(**new))
    answer = provider.Diff(request, Context())
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == replaces


def test_no_difference_is_no_change(provider: Provider) -> None:
    """A whole number that came as a float is the same number."""
    request = provider_pb2.DiffRequest(
        urn=PARAMETER, old_inputs=struct(name="a", n=1), news=struct(name="a", n=1.0)
    )
    answer = provider.Diff(request, Context())
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_resource_is_made_read_and_deleted(
    provider: Provider, client: Callable[[str], Any]
) -> None:
    """Create gives id and outputs, Read tells whether it is there, Delete takes it away."""
    name = f"t{uuid4().hex}"
    inputs = struct(name=name, type="String", value="v", tagsAll={})
    made = provider.Create(provider_pb2.CreateRequest(urn=PARAMETER, properties=inputs), Context())
    assert made.id == name
    assert client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "v"
    read = provider_pb2.ReadRequest(urn=PARAMETER, id=name, inputs=inputs)
    assert provider.Read(read, Context()).id == name
    provider.Delete(
        provider_pb2.DeleteRequest(urn=PARAMETER, id=name, old_inputs=inputs), Context()
    )
    assert not provider.Read(read, Context()).id


BUCKET = "urn:pulumi:s::p::aws:s3/bucket:Bucket::x"


def test_what_is_there_is_imported(provider: Provider, client: Callable[[str], Any]) -> None:
    """Read by its id alone it gives inputs and outputs; some types have no such id."""
    name = f"b{uuid4().hex}"
    read = provider_pb2.ReadRequest(urn=BUCKET, id=name)
    assert not provider.Read(read, Context()).id
    client("s3").create_bucket(Bucket=name)
    found = provider.Read(read, Context())
    assert (found.id, json_format.MessageToDict(found.inputs)) == (name, {"bucket": name})
    assert json_format.MessageToDict(found.properties)["arn"] == f"arn:aws:s3:::{name}"
    with pytest.raises(Aborted, match="'x' cannot be imported"):
        provider.Read(provider_pb2.ReadRequest(urn=QUERY, id="q"), Context())


def test_what_aws_refuses_is_told_to_the_engine(provider: Provider) -> None:
    """The engine prints the message of AWS, not a traceback of the plugin."""
    request = provider_pb2.CreateRequest(
        urn=QUERY, properties=struct(name="a", workgroup="absent", database="d", query="SELECT 1")
    )
    with pytest.raises(Aborted, match="NamedQuery"):
        provider.Create(request, Context())
