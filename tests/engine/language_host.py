"""A stand-in for Pulumi's Python language host, which is in no registry.

Pulumi starts `pulumi-language-python` from the PATH and asks it to run a project's `__main__.py` or
a policy pack. With this one the tests give the very commands that people give: `pulumi preview`,
`pulumi up`. It runs what it is asked for in this interpreter's environment, and installs nothing.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer  # it runs programs; it has no public name
from pulumi.runtime.proto import language_pb2
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 8
PARENT_CHECK_SECONDS = 1.0


class Host(LanguageServer):
    """The calls that the engine makes for a program and for a pack, and no more."""

    # The names of the calls are those of Pulumi's protocol.
    # ruff: noqa: ARG002, D102, N802

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self._engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request: Any, context: Any) -> Any:
        folder = Path(request.info.program_directory)
        request.args[:] = [self._engine]
        sys.path.insert(0, str(folder))
        self.program = lambda: _run(folder / "__main__.py")
        return super().Run(request, context)  # type: ignore[no-untyped-call] # Pulumi's

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """A policy pack: what it prints is for the engine, which reads the port from it."""
        pack = Path(request.info.program_directory)
        environment = dict(pair.split("=", 1) for pair in request.env)
        running = subprocess.Popen(
            [sys.executable, "-u", "__main__.py", *request.args, "."],
            cwd=pack,
            env=environment or None,
            stdout=subprocess.PIPE,
        )
        context.add_callback(running.terminate)
        assert running.stdout is not None
        for line in running.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=running.wait())

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def _run(main: Path) -> None:
    runpy.run_path(str(main), run_name="__main__")


def main(engine: str) -> None:
    """Serve on a free port of the loopback, and print it: the engine waits for that."""
    parent = os.getppid()
    server = grpc.server(ThreadPoolExecutor(WORKERS))
    add_LanguageRuntimeServicer_to_server(Host(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 # the engine reads the first line
    # An engine that is killed tells nobody: what it started has to notice.
    while os.getppid() == parent and server.wait_for_termination(PARENT_CHECK_SECONDS):
        continue


if __name__ == "__main__":
    main(sys.argv[-1])
