"""The file with which `pulumi import` takes back what a stack left: it follows the program."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse import adoption
from localaws.bridge import stack_config
from tests.unit.lakehouse.test_lakehouse_golden import ACCOUNTS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.lakehouse.conftest import Declared

HOLDS_DATA = {"aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:kms/alias:Alias"}
KEY = "0e5a0000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def prod(declare: Callable[..., Declared]) -> Declared:
    """What the program declares for production."""
    config = stack_config(ROOT / "Pulumi.prod.yaml")
    return declare(config, stack="prod", account=ACCOUNTS["prod"])


def imported(*, lost: bool) -> dict[str, str]:
    """Types and name of each resource of the file, as in the engine's state -> its id."""
    names, own_key = adoption.names_of("prod")
    assert own_key
    resources = adoption.import_file(names, KEY, lost=lost)["resources"]
    by_name = {one["name"]: one for one in resources}
    assert len(by_name) == len(resources)

    def chain(one: dict[str, Any]) -> str:
        parent = by_name.get(one.get("parent", ""))
        return f"{chain(parent)}${one['type']}" if parent else str(one["type"])

    return {
        f"{chain(one)}::{one['logicalName']}": one["id"]
        for one in resources
        if not one.get("component")
    }


def declared(stack: Declared, *, kept: bool) -> dict[str, str]:
    """The same of what the program declares; ``kept`` for what outlives the stack and has a name
    of its own.
    """
    return {
        one.engine_urn.split("::", 2)[2]: inputs.get("bucket") or inputs.get("name") or KEY
        for urn, inputs in stack.resources.items()
        for one in [stack.registered[urn]]
        if not kept or ("retainOnDelete" in one.options and inputs["type"] in HOLDS_DATA)
    }


def test_what_production_keeps_is_what_is_imported(prod: Declared) -> None:
    """Neither more nor less, under the names of the program, by the names on AWS."""
    assert imported(lost=False) == declared(prod, kept=True)


def test_after_a_lost_state_all_that_holds_something_is_imported(prod: Declared) -> None:
    """All buckets and the logs too; each is declared just so."""
    taken = imported(lost=True)
    assert taken.items() <= declared(prod, kept=False).items()
    kinds = [where.rpartition("::")[0].rpartition("$")[2] for where in taken]
    assert kinds.count("aws:s3/bucket:Bucket") == 9
    assert kinds.count("aws:cloudwatch/logGroup:LogGroup") == 3


def test_the_file_is_printed_for_a_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the key's id has to be looked up; without it the command says so."""
    monkeypatch.setattr(sys, "argv", ["adoption", "prod", "--key", KEY])
    adoption.main()
    printed = json.loads(capsys.readouterr().out)
    assert printed == adoption.import_file(adoption.names_of("prod")[0], KEY, lost=False)
    for wrong, told in ((["prod"], "--key is missing"), (["dev"], "aws:allowedAccountIds")):
        monkeypatch.setattr(sys, "argv", ["adoption", *wrong])
        with pytest.raises(SystemExit):
            adoption.main()
        assert told in capsys.readouterr().err
