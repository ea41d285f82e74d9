"""What the server offers to the modules that extend it.

Each extension has one function, `install(services)`, which replaces methods on moto's backend and
response classes and keeps the `Services` object for later: to start child processes that talk to
this server, to change a backend from a background thread, and to have that change saved.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"


def client_environment(endpoint: str) -> dict[str, str]:
    """Return the environment variables which point any AWS client at `endpoint`.

    boto3, the AWS CLI, the Pulumi and Terraform providers and Rust's object_store read these. The
    credentials are placeholders: localaws accepts any.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "localaws",
        "AWS_SECRET_ACCESS_KEY": "localaws",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _save_nothing(service: str) -> None:
    """Keep everything in memory: the server runs without a state folder."""


@dataclass
class Services:
    """The running server, as its extensions see it.

    `endpoint` is empty while the extensions are installed and set before the first request.
    `work_dir` is a folder for temporary files, removed when the server stops.
    """

    work_dir: Path
    endpoint: str = ""
    save: Callable[[str], None] = _save_nothing
    _locks: dict[str, threading.RLock] = field(default_factory=dict, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shutdown: list[Callable[[], None]] = field(default_factory=list, repr=False)
    _restore: list[tuple[str, Callable[[Any], None]]] = field(default_factory=list, repr=False)

    def environment(self) -> dict[str, str]:
        """Return what a child process needs in its environment to talk to this server."""
        return client_environment(self.endpoint)

    def lock(self, service: str) -> threading.RLock:
        """Return the lock which the server holds during each request to the service.

        For S3 it is held during requests that write, which makes conditional puts atomic.
        """
        with self._guard:
            return self._locks.setdefault(service, threading.RLock())

    def persist(self, service: str) -> None:
        """Save the backends of one moto service ("glue", "athena", "logs", ...) durably.

        Without a state folder this does nothing. Any thread may call it; requests that change a
        backend are saved by the server itself before their reply is sent.
        """
        with self.lock(service):
            self.save(service)

    @contextmanager
    def changing(self, service: str) -> Iterator[None]:
        """Hold the service's lock while a background thread changes a backend, then persist it.

        The server holds the same lock during each request to the service, so that nothing is saved
        half changed. The lock is reentrant; keep network calls and other waiting out of the block.
        """
        with self.lock(service):
            yield
            self.save(service)

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the server stops, the latest registered first."""
        self._shutdown.append(callback)

    def on_restore(self, service: str, callback: Callable[[Any], None]) -> None:
        """Call `callback(backend)` for each backend of `service` read back from a state folder.

        It runs before the first request, and what it changed is saved: the place to settle work
        that was under way when the previous process ended.
        """
        self._restore.append((service, callback))

    def restored(self, service: str, backend: Any) -> None:
        """Tell the extensions that `backend` came back from the state folder."""
        for name, callback in self._restore:
            if name == service:
                callback(backend)

    def shut_down(self) -> None:
        """Run the shutdown callbacks; one that fails is logged and keeps no other from running."""
        while self._shutdown:
            try:
                self._shutdown.pop()()
            except Exception:
                log.exception("localaws did not stop cleanly")
