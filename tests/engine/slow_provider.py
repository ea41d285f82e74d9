"""A provider of Pulumi's whose resources are files, and take as long to make as a test wants.

A file's name ends in `.begun` while it is made, and in `.made` afterwards.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import ResourceProviderServicer, plugin_pb2, provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server


class Provider(ResourceProviderServicer):
    """The calls that the engine makes to create resources and to leave them as they are."""

    # The names of the calls are those of Pulumi's protocol.
    # ruff: noqa: ARG002, D102, N802

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse()

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Create(self, request: Any, context: Any) -> Any:
        name = request.urn.rpartition("::")[2]
        begun = Path(os.environ["SLOW_FOLDER"]) / f"{name}.begun"
        begun.touch()
        time.sleep(float(os.environ["SLOW_SECONDS"]))
        begun.rename(begun.with_suffix(".made"))
        return provider_pb2.CreateResponse(id=name)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    """Serve the engine that started this process, for as long as it lives."""
    engine = os.getppid()
    server = grpc.server(ThreadPoolExecutor(4))
    add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the engine reads the port from the first line
    while os.getppid() == engine and server.wait_for_termination(1):
        continue


if __name__ == "__main__":
    main()
