"""A stand-in for Pulumi's AWS provider: the real engine, with localaws in place of AWS.

Pulumi looks for an executable called `pulumi-resource-aws` on the PATH before it downloads one;
one that runs this module gives it a provider over the same table as provisioning in process. It is
for tests of a program on the real engine: it knows what the table knows, and refuses the rest.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import ResourceProviderServicer, plugin_pb2, provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from localaws.bridge.clients import Clients
from localaws.bridge.described import described
from localaws.bridge.invokes import invoke
from localaws.bridge.resource_type import changed
from localaws.bridge.resources import resource_type
from localaws.bridge.values import known, plain
from localaws.errors import LocalawsError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from localaws.bridge.resource_type import Made, ResourceType

_WORKERS = 16
_PARENT_CHECK_SECONDS = 1.0
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""As much as the engine itself allows."""


def _settings(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's settings; the engine hands objects over as JSON text."""

    def decoded(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value

    return {key: decoded(value) for key, value in variables.items()}


class Provider(ResourceProviderServicer):
    """The calls that the engine makes, over the table of resource types."""

    def __init__(self) -> None:
        self._clients: Clients | None = None
        self._default_tags: dict[str, str] = {}

    # The names of the calls are those of Pulumi's protocol.
    # ruff: noqa: ARG002, D102, N802

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        settings = _settings(_python(request.args))
        endpoints = (settings.get("endpoints") or [{}])[0]
        if "s3" not in endpoints or "region" not in settings:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                "the stand-in for the AWS provider needs aws:region and aws:endpoints[0].s3, where "
                "localaws listens: it talks to no other AWS",
            )
        self._clients = Clients(endpoints["s3"], settings["region"])
        self._default_tags = (settings.get("defaultTags") or {}).get("tags", {})
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=False, acceptResources=False, acceptOutputs=False
        )

    def Invoke(self, request: Any, context: Any) -> Any:
        with _reported(context):
            answer = invoke(self._aws, request.tok, _python(request.args))
        return provider_pb2.InvokeResponse(**{"return": _struct(answer)})

    def Check(self, request: Any, context: Any) -> Any:
        inputs = _python(request.news)
        try:
            kind = resource_type(_type(request.urn))
            kind.check(known(inputs), _name(request.urn))
        except UnsupportedError as error:
            failure = provider_pb2.CheckFailure(property="", reason=str(error))
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        return provider_pb2.CheckResponse(
            inputs=_struct(kind.with_tags(inputs, self._default_tags))
        )

    def Diff(self, request: Any, context: Any) -> Any:
        kind = resource_type(_type(request.urn))
        differing = changed(_python(request.old_inputs), _python(request.news))
        if not differing:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replacing = differing if kind.update is None else differing & kind.replace_on
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=sorted(differing),
            replaces=sorted(replacing),
        )

    def Create(self, request: Any, context: Any) -> Any:
        inputs = _python(request.properties)
        with _reported(context):
            made = resource_type(_type(request.urn)).create(self._aws, inputs)
        return provider_pb2.CreateResponse(
            id=made.id, properties=_struct({**inputs, **made.outputs})
        )

    def Read(self, request: Any, context: Any) -> Any:
        old, token = _python(request.inputs), _type(request.urn)
        outputs = {
            name: value for name, value in _python(request.properties).items() if name not in old
        }
        with _reported(context):
            # An engine that imports knows nothing but the id.
            if not old:
                outputs = _finder(resource_type(token), request.urn)(self._aws, request.id).outputs
            there = described(self._aws, token, request.id, old)
        if there is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=_struct({**outputs, **there}), inputs=_struct(there)
        )

    def Update(self, request: Any, context: Any) -> Any:
        inputs = _python(request.news)
        with _reported(context):
            made = _updater(resource_type(_type(request.urn)))(self._aws, request.id, inputs)
        return provider_pb2.UpdateResponse(properties=_struct({**inputs, **made.outputs}))

    def Delete(self, request: Any, context: Any) -> Any:
        with _reported(context):
            resource_type(_type(request.urn)).delete(
                self._aws, request.id, _python(request.old_inputs)
            )
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    @property
    def _aws(self) -> Clients:
        if self._clients is None:
            raise UnsupportedError("the engine asked for a resource before it gave its settings")
        return self._clients


@contextmanager
def _reported(context: Any) -> Iterator[None]:
    """Turn what AWS or the table refuses into an error that the engine prints as a sentence."""
    try:
        yield
    except (ClientError, BotoCoreError, LocalawsError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _updater(kind: ResourceType) -> Callable[[Clients, str, Any], Made]:
    if kind.update is None:
        raise UnsupportedError("the engine asked to update what can only be replaced")
    return kind.update


def _finder(kind: ResourceType, urn: str) -> Callable[[Clients, str], Made]:
    if kind.found is None:
        raise UnsupportedError(f"{_name(urn)} cannot be imported from localaws")
    return kind.found


def _python(struct: struct_pb2.Struct) -> dict[str, Any]:
    return dict(plain(json_format.MessageToDict(struct)))


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _type(urn: str) -> str:
    """The type of a resource: the last part of the chain of types in its URN."""
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return f"{_type(urn)} {urn.rpartition('::')[2]!r}"


def main() -> None:
    """Serve the engine that started this process, for as long as it lives."""
    engine = os.getppid()
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS),
        options=[
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ],
    )
    add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine reads the port from the first line.
    print(port, flush=True)  # noqa: T201
    # An engine that is killed tells nobody: its plugins have to notice.
    while os.getppid() == engine and server.wait_for_termination(_PARENT_CHECK_SECONDS):
        continue


if __name__ == "__main__":
    main()
