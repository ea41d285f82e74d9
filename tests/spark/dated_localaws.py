"""A localaws whose objects can be told when they were last modified: for tests of what is newest.

Amazon S3 takes that time from its own clock, to the second. Here an object that is put with the
metadata `modified` (seconds since 1970) has that time, in listings and in every other answer.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localaws import startup
from localaws.__main__ import main

if TYPE_CHECKING:
    from localaws.services import Services

METADATA = "modified"


def _date_objects(services: Services) -> None:
    """Prepare moto as localaws does, then let metadata set an object's time."""
    prepare(services)
    from moto.s3.models import FakeKey  # noqa: PLC0415 # moto reads what was prepared

    keep_metadata = FakeKey.set_metadata

    def set_metadata(self: FakeKey, metadata: Any, replace: bool = False) -> None:
        keep_metadata(self, metadata, replace)
        seconds = (metadata or {}).get(f"x-amz-meta-{METADATA}")
        if seconds is not None:
            self.last_modified = datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None)

    FakeKey.set_metadata = set_metadata  # type: ignore[method-assign] # that is the point


if __name__ == "__main__":
    prepare = startup._prepare_moto
    startup._prepare_moto = _date_objects
    sys.exit(main())
