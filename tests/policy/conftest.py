"""Stacks for the checks: the three real ones, the bootstrap, and one that breaks no rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bootstrap.program
from lakehouse.program import program
from localaws.bridge import stack_config
from localaws.bridge.monitor import run
from policy.model import Stack
from tests.policy.collected import ACCOUNT, Collected
from tests.policy.good_stack import good_stack
from tests.policy.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "prod", "local")


@pytest.fixture(scope="session")
def declare() -> Callable[..., Stack]:
    """Return a function that collects what a stack declares, with settings over its file's."""
    made: dict[str, Stack] = {}

    def collect(stack: str, **settings: str) -> Stack:
        key = json.dumps([stack, settings])
        if key not in made:
            config = {**stack_config(ROOT / f"Pulumi.{stack}.yaml"), **settings}
            (account,) = json.loads(config.get("aws:allowedAccountIds", f'["{ACCOUNT}"]'))
            target = Collected(account, config["aws:region"])
            run(program, target, project="lakehouse", stack=stack, config=config)
            tags = json.loads(config["aws:defaultTags"])["tags"]
            made[key] = Stack(tuple(target.resources), tags)
        return made[key]

    return collect


@pytest.fixture(scope="session")
def declare_bootstrap() -> Callable[..., Stack]:
    """Return a function that collects what the bootstrap of an account declares."""

    def collect(**settings: str) -> Stack:
        file = ROOT / "bootstrap" / "Pulumi.account.yaml"
        config = {**stack_config(file), **settings}
        target = Collected(ACCOUNT, config["aws:region"])
        run(
            bootstrap.program.program,
            target,
            project="lakehouse-bootstrap",
            stack="account",
            config={key: value for key, value in config.items() if value},
        )
        return Stack(tuple(target.resources), json.loads(config["aws:defaultTags"])["tags"])

    return collect


@pytest.fixture(scope="session")
def bootstrapped(declare_bootstrap: Callable[..., Stack]) -> Stack:
    """The bootstrap with every setting at its default."""
    return declare_bootstrap()


@pytest.fixture(params=STACKS)
def real(request: pytest.FixtureRequest, declare: Callable[..., Stack]) -> Stack:
    """Each of the three stacks."""
    return declare(request.param)


@pytest.fixture
def good() -> Stack:
    """The small production stack that breaks no rule."""
    return good_stack()


@pytest.fixture(scope="session")
def world(declare: Callable[..., Stack]) -> World:
    """The production stack, to be asked."""
    return World(declare("prod"))
