"""Runs a Pulumi program in this process, with a `Deployment` where the engine would be."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import pulumi
from pulumi.runtime.mocks import MockMonitor

from localaws.bridge.errors import ProvisionError
from localaws.bridge.registrations import Registration, Registrations
from localaws.bridge.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORKERS = 8
"""Resources that are made at the same time."""


class Target(Protocol):
    """What answers the program: it makes resources and answers data sources."""

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer a data source."""

    def register(self, urn: str, token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make a resource; its id and outputs."""


class _Mocks(pulumi.runtime.Mocks):
    """Hands what the program declares to the target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.current = threading.local()
        self.refusals: list[ProvisionError] = []
        """Of data sources, which the program may have explained."""

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        try:
            return self.target.invoke(args.token, plain(args.args))
        except ProvisionError as error:
            # As the engine hands on what the provider says: a program may want to explain it.
            self.refusals.append(error)
            return {}, [("", str(error))]

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if not args.custom:
            return "", {}
        return self.target.register(self.current.urn, args.typ, plain(args.inputs))


class _Monitor(MockMonitor):
    """Tells the mocks the URN, which they need to recognise a resource in the next run."""

    mocks: _Mocks

    def __init__(self, mocks: _Mocks, watch: Callable[[Registration], None] | None) -> None:
        super().__init__(mocks)
        self.registrations = Registrations()
        self.watch = watch

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the RPC
        urn = self.make_urn(request.parent, request.type, request.name)
        if self.watch is not None:
            self.watch(self.registrations.add(urn, request))
        self.mocks.current.urn = urn
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def run(
    program: Callable[[], None],
    target: Target,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    watch: Callable[[Registration], None] | None = None,
) -> dict[str, Any]:
    """Run the program to its end; the stack's outputs as plain values.

    ``watch`` is told of every resource what only an engine heeds: its options and aliases.

    It gets a thread of its own, and with it an event loop and Pulumi settings of its own: the
    caller may have a loop running, and may run other programs before, after and beside this one.

    Raises:
        Whatever the program, or the target on its behalf, raised first.
    """
    results: list[dict[str, Any]] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(_run_here(program, target, project, stack, config, watch=watch))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=work, name=f"pulumi-{project}-{stack}")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _run_here(
    program: Callable[[], None],
    target: Target,
    project: str,
    stack: str,
    config: Mapping[str, str],
    *,
    watch: Callable[[Registration], None] | None,
) -> dict[str, Any]:
    loops: list[asyncio.AbstractEventLoop] = []

    def own_loop() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    outputs: dict[str, Any] = {}

    def declare() -> pulumi.Output[None]:
        program()
        root: Any = pulumi.runtime.get_root_resource()
        return pulumi.Output.from_input(dict(root.outputs)).apply(outputs.update)

    own_loop()
    loop = loops[0]
    # What fails is raised below; the tasks that waited for it need not be reported one by one.
    loop.set_exception_handler(lambda *_: None)
    executor = ThreadPoolExecutor(_WORKERS, "pulumi-resource", initializer=own_loop)
    loop.set_default_executor(executor)
    try:
        mocks = _Mocks(target)
        pulumi.runtime.set_all_config(dict(config))
        pulumi.runtime.set_mocks(
            mocks,
            project=project,
            stack=stack,
            preview=False,
            monitor=_Monitor(mocks, watch),
        )
        try:
            pulumi.runtime.test(declare)()  # type: ignore[no-untyped-call]
        except Exception as error:
            # Pulumi's own error for a data source is of no kind of its own.
            if mocks.refusals and type(error) is Exception:
                raise mocks.refusals[-1] from error
            raise
    finally:
        _cancel_pending(loop)
        executor.shutdown(wait=True)
        for made in loops:
            made.close()
        asyncio.set_event_loop(None)
    return outputs


def _cancel_pending(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
