"""`lakehouse preview | up | destroy` on the real engine: what they refuse, tell and survive."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest

from pipeline import deploy
from pipeline.errors import DeployError, UsageError
from pipeline.progress import PlainDisplay

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.projects import Project


pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())


def kept_bucket(name: str, *, forced: bool = False, kept: bool = False) -> None:
    """Declare a bucket under its own logical name."""
    aws.s3.Bucket(
        "data",
        bucket=name,
        force_destroy=forced,
        opts=pulumi.ResourceOptions(protect=kept, retain_on_delete=kept),
    )


def buckets(client: Callable[[str], Any], prefix: str) -> list[str]:
    """The names of the buckets that are there."""
    names = [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]
    return [name for name in names if name.startswith(prefix)]


def test_an_update_that_takes_data_away_is_refused_before_it_begins(
    project: Project, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it takes Pulumi's protection away in the same go, which Pulumi lets pass."""

    def declare(name: str, **how: bool) -> None:
        monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, **how))

    old, new = f"{project.stack}-old", f"{project.stack}-new"
    declare(old, kept=True)
    project.run("up")
    for how in ({"kept": True}, {}):
        declare(new, **how)
        with pytest.raises(UsageError, match=r"has to keep: replace data .* of bucket"):
            project.run("up", delete_data=True)
    assert buckets(client, project.stack) == [old]

    monkeypatch.setattr(deploy, "_program", lambda: None)
    with pytest.raises(UsageError, match=r"has to keep: delete data"):
        project.run("preview")

    declare(old, forced=True)
    assert project.run("up").operations == {"same": 1, "update": 1}
    declare(new, forced=True)
    with pytest.raises(UsageError, match=r"take data away: replace data .*--delete-data"):
        project.run("up")
    assert buckets(client, project.stack) == [old]
    told = project.run("up", delete_data=True).as_text()
    assert "replace data (aws:s3/bucket:Bucket) because of bucket" in told
    assert buckets(client, project.stack) == [new]


def test_no_changes_means_none_of_anybody(
    project: Project, client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change by hand shows with a refresh, a change in the program always; nothing is done."""
    name = f"{project.stack}-bucket"
    monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, forced=True))
    with pytest.raises(DeployError, match=r"differs from .*: create data"):
        project.run("up", expect_no_changes=True)
    assert buckets(client, project.stack) == []
    project.run("up")
    assert project.run("up", expect_no_changes=True, refresh=True).changes == ()

    client("s3").delete_bucket(Bucket=name)
    assert project.run("preview", expect_no_changes=True).changes == ()
    with pytest.raises(DeployError, match=r"differs from .*: create data .*--refresh"):
        project.run("preview", expect_no_changes=True, refresh=True)
    assert buckets(client, project.stack) == []
    assert project.run("up", refresh=True).operations["create"] == 1
    assert buckets(client, project.stack) == [name]


def test_what_an_interrupted_update_had_begun_is_told_and_done_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine knows that it began and not how it ended; the next update finds out."""
    name = f"{project.stack}-bucket"
    monkeypatch.setattr(deploy, "_program", lambda: kept_bucket(name, forced=True))
    project.run("up")
    state = project.state()
    (made,) = [one for one in state["resources"] if one["type"] == "aws:s3/bucket:Bucket"]
    # As a kill leaves it: the bucket is there, and only its beginning is written down.
    others = [one for one in state["resources"] if one is not made]
    begun = {key: value for key, value in made.items() if key not in {"id", "outputs"}}
    left = [{"resource": begun, "type": "creating"}]
    project.write_state({**state, "resources": others, "pending_operations": left})
    told = io.StringIO()
    change = deploy.deploy("up", project.stack, PlainDisplay(told), project.folder)
    assert "an earlier update was interrupted" in told.getvalue()
    assert "creating data" in told.getvalue()
    assert change.operations["create"] == 1
    assert "pending_operations" not in project.state()
    assert project.run("preview", expect_no_changes=True, refresh=True).changes == ()
