"""Writes lines to CloudWatch Logs from inside the server: job output and crawler messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localaws.services import Services


class LogStream:
    """One log stream, made with its group when first written to.

    Any one thread may write. Call `services.persist("logs")` once when the writing is over: a
    save per batch would make a chatty job slow.
    """

    def __init__(
        self, services: Services, *, account: str, region: str, group: str, name: str
    ) -> None:
        self._services = services
        self._backend = logs_backends[account][region]
        self._group = group
        self._name = name

    def write(self, lines: Sequence[str]) -> None:
        """Append an event per line, all with the present time."""
        if not lines:
            return
        now = int(time.time() * 1000)
        with self._services.lock("logs"):
            self._backend.ensure_log_group(self._group)
            self._backend.ensure_log_stream(self._group, self._name)
            self._backend.put_log_events(
                self._group,
                self._name,
                [{"timestamp": now, "message": line} for line in lines],
            )
