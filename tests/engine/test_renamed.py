"""A resource that is called otherwise, on the real Pulumi engine: with an alias it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from lakehouse import renamed, storage

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

SETTINGS = 7
"""The resources that a bucket has beside itself: ownership, encryption, versioning and so on."""


def test_a_renamed_bucket_with_an_alias_is_not_made_anew(
    new_stack: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its entry the bucket and its settings would be deleted, and others made; with it the
    next `up` only writes the new name down.
    """
    stack = new_stack("local")
    number = stack.up()["create"]

    class Renamed(storage.ZoneBucket):
        """The bucket silver under another logical name, with its old name on AWS."""

        def __init__(self, zone: str, args: Any, opts: Any = None) -> None:
            super().__init__("refined" if zone == "silver" else zone, args, opts)

    monkeypatch.setattr(storage, "ZoneBucket", Renamed)
    anew = SETTINGS + 2
    # The outputs have the bucket's name in them, which is not known before it is made.
    careless = {"create": anew, "delete": anew, "update": 1, "same": number - anew - 1}
    assert stack.preview() == careless
    entry = {"lakehouse:storage:ZoneBucket::refined": (pulumi.Alias(name="silver"),)}
    monkeypatch.setattr(renamed, "FORMER", entry)
    # The log of who reads the bucket has the zone's name in its path.
    assert stack.up() == {"same": number - 1, "update": 1}
    assert stack.steps == {"update aws:s3/bucketLogging:BucketLogging refined"}
    assert stack.preview() == {"same": number}
