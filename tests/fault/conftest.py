"""What tests of faults share: a deployed stack, its input, what one clean run makes of it."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from localaws import process
from pipeline import local
from pipeline.progress import PlainDisplay
from pipeline.sample import Recipe, write_sample
from tests.fault.world import World, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECIPE = Recipe(songs=10, days=2, events_per_day=90, seed=11, dirty=0.04)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a stack that was deployed and never ran."""
    folder = tmp_path_factory.mktemp("template") / "state"
    with process.start(state=folder / "aws") as running:
        local.provision(running, folder)
    return folder


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some songs and two days of plays, some of them bad or twice."""
    folder = tmp_path_factory.mktemp("input") / "music"
    write_sample(folder, RECIPE, PlainDisplay(io.StringIO()))
    return folder


@pytest.fixture(scope="session")
def new_world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    """Return a function that makes a world of its own, for a test that kills localaws."""

    def make() -> World:
        folder = tmp_path_factory.mktemp("world") / "state"
        shutil.copytree(template, folder)
        return World(folder)

    return make


@pytest.fixture(scope="session")
def shared(new_world: Callable[[], World]) -> Iterator[World]:
    """The one world of all tests that leave localaws alone."""
    with new_world() as world:
        yield world


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared world, with nothing in it and nothing wrong with it."""
    shared.reset()
    yield shared
    shared.pipeline.rules.clear()
    shared.jobs.rules.clear()


@pytest.fixture(scope="session")
def clean(shared: World, source: Path) -> dict[str, str]:
    """What the tables say after one run with which nothing went wrong."""
    shared.reset()
    ended = shared.run("--source", source)
    assert ended.code == 0, ended.told
    assert shared.accounts() == truth(source)
    return shared.hashes()


@pytest.fixture
def whole(clean: dict[str, str], source: Path) -> Callable[[World], None]:
    """Return a function that checks what must be so in the end, whatever went wrong before."""

    def check(world: World) -> None:
        assert world.hashes() == clean
        assert world.accounts() == truth(source)
        assert world.left() == []

    return check


@pytest.fixture
def told() -> Callable[..., None]:
    """Return a function that checks a failure: its code, its stage, and words of its message."""

    def check(ended: Any, code: int, stage: str | None, *words: str) -> None:
        assert ended.code == code, ended.told
        assert ended.document["status"] == "failed"
        failed = [one["name"] for one in ended.document["stages"] if one["status"] != "succeeded"]
        assert failed == ([] if stage is None else [stage])
        for word in words:
            assert word in ended.message, ended.message
        assert "Traceback" not in ended.told
        assert "unforeseen" not in ended.message

    return check
