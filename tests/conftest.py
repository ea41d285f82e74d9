"""For every test: the Pulumi CLI, and the rule that in CI nothing may be skipped."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "build" / "bin" / "pulumi"
_LONG = {"engine", "fault"}
_LOOP_SECONDS = 30


@pytest.fixture(scope="session")
def pulumi_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose bin folder holds the CLI that the project builds, else the one on the PATH."""
    found = str(BUILT) if BUILT.exists() else shutil.which("pulumi")
    if found is None:
        pytest.skip(f"no Pulumi CLI at {BUILT.relative_to(ROOT)} or on the PATH: it takes Go")
    root = tmp_path_factory.mktemp("pulumi")
    (root / "bin").mkdir()
    (root / "bin" / "pulumi").symlink_to(found)
    return root


@pytest.fixture(autouse=True)
def loops_of_pulumi(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Close the event loops that the Automation API leaves open in a test of the engine.

    It closes the loop of a program that was stopped half-way only where no cancelled task raises
    anything else (`pulumi/automation/_server.py`). Collected later, the loop would warn in
    whatever test runs by then.
    """
    if request.node.get_closest_marker("engine") is None:
        yield
        return
    from pulumi.automation._server import LanguageServer  # noqa: PLC0415 - not where Spark is on the JVM

    made: list[asyncio.AbstractEventLoop] = []
    ended: list[threading.Event] = []
    new_event_loop = asyncio.new_event_loop
    serve: Any = LanguageServer.Run

    def noted() -> asyncio.AbstractEventLoop:
        made.append(new_event_loop())
        return made[-1]

    def watched(server: LanguageServer, *asked: Any) -> Any:
        ended.append(over := threading.Event())
        try:
            return serve(server, *asked)
        finally:
            over.set()

    monkeypatch.setattr(asyncio, "new_event_loop", noted)
    monkeypatch.setattr(LanguageServer, "Run", watched)
    yield
    # The thread of a program that was stopped may be behind, and still want its loop.
    assert all(over.wait(_LOOP_SECONDS) for over in ended)
    for loop in made:
        loop.close()
    # What the stopped program was waiting for goes with its loop, and complains of that.
    made.clear()
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    gc.collect()


def pytest_configure() -> None:
    """Give the workers of pytest-xdist a main module with a file, and all tests their interrupts.

    The workers have no such file, which pyspark takes for a run of its own doctests: it then ends
    the process. What a shell starts in the background has interrupts ignored, and would hand that
    on to the commands that tests interrupt: they would never end.
    """
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = __file__
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take minutes each, in whatever order they have else.

    A file's tests stay with one worker: a long one that began last would keep the other idle.
    """
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI=true: a check that did not run proves nothing."""
    report = yield
    expected_to_fail = hasattr(report, "wasxfail")
    if report.skipped and not expected_to_fail and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and in CI it must run: {call.excinfo}"
    return report
