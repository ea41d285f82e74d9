"""A localaws for these tests: its jobs reach it through a proxy, and uploads are dated by content.

The first argument is the proxy's endpoint; the rest are localaws's own. What `lakehouse run`
uploads is dated by the hash that it notes beside each object, so that two lakes with the same
input have the same rows, times of modification too, whenever each was made.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws import startup
from localaws.__main__ import main

if TYPE_CHECKING:
    from localaws.services import Services

HASH = "x-amz-meta-sha256"
FIRST = datetime(2018, 12, 1, tzinfo=UTC).replace(tzinfo=None)
SPREAD = 30 * 24 * 3600
"""Seconds within which everything was uploaded, as it seems."""


def _prepare(services: Services) -> None:
    """Prepare moto as localaws does, then date uploads and send jobs through the proxy."""
    prepare(services)
    from moto.s3.models import FakeKey  # noqa: PLC0415 # moto reads what was prepared

    from localaws.glue_job_process import JobProcess  # noqa: PLC0415

    keep_metadata = FakeKey.set_metadata
    run_job = JobProcess.run

    def set_metadata(self: FakeKey, metadata: Any, replace: bool = False) -> None:
        keep_metadata(self, metadata, replace)
        if content := (metadata or {}).get(HASH):
            self.last_modified = FIRST + timedelta(seconds=int(content[:8], 16) % SPREAD)

    def run(self: JobProcess, order: dict[str, Any], **sinks: Any) -> None:
        order["environment"]["AWS_ENDPOINT_URL"] = proxy
        run_job(self, order, **sinks)

    FakeKey.set_metadata = set_metadata  # type: ignore[method-assign] # that is the point
    JobProcess.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    proxy = sys.argv.pop(1)
    prepare = startup._prepare_moto
    startup._prepare_moto = _prepare
    sys.exit(main())
