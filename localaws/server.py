"""The server itself: moto's applications, the extensions, and the loop that serves requests."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

from moto.backends import get_backend
from werkzeug.serving import make_server

from localaws import (
    athena_queries,
    gaps_athena,
    gaps_athena_catalog,
    gaps_glue,
    gaps_glue_names,
    gaps_kms,
    gaps_lakeformation,
    gaps_logs,
    gaps_s3,
    gaps_s3_versions,
    gaps_s3control,
    glue_crawler,
    glue_jobs,
    s3_bodies,
    s3_documents,
    s3_listing,
    s3_policy,
)
from localaws.blobs import BlobStore
from localaws.connections import KeepAliveHandler
from localaws.dispatch import Dispatcher
from localaws.state import State

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from localaws.services import Services

_EXTENSIONS: Final[tuple[Callable[[Services], None], ...]] = (
    gaps_athena.install,
    gaps_athena_catalog.install,
    gaps_glue.install,
    gaps_glue_names.install,
    gaps_kms.install,
    gaps_lakeformation.install,
    gaps_logs.install,
    gaps_s3.install,
    gaps_s3_versions.install,
    gaps_s3control.install,
    s3_documents.install,
    s3_listing.install,
    s3_policy.install,
    glue_jobs.install,
    glue_crawler.install,
    athena_queries.install,
)


def run(
    services: Services, listener: socket.socket, *, state: Path | None, exit_with_parent: bool
) -> None:
    """Serve requests that come to `listener` until a signal or the parent's end says stop.

    `state` is the folder to keep everything in, which this process holds already. Raises
    `StateError` when it cannot be used.
    """
    blobs = BlobStore((state or services.work_dir) / "blobs", kept=state is not None)
    s3_bodies.install(blobs)
    kept = None if state is None else State(state, blobs, services)
    for install in _EXTENSIONS:
        install(services)
    if kept is not None:
        kept.install()
    host, port = listener.getsockname()
    server = make_server(
        host,
        port,
        Dispatcher(services),
        threaded=True,
        request_handler=KeepAliveHandler,
        fd=listener.fileno(),
    )

    def stop(*_: object) -> None:
        # shutdown() waits for serve_forever, which runs in the thread that handles signals.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if exit_with_parent:
        threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()
    print(json.dumps({"endpoint": services.endpoint, "pid": os.getpid()}), flush=True)  # noqa: T201
    sys.stdout = sys.stderr  # moto prints now and then; the one line above is all there is
    threading.Thread(target=_load_services, daemon=True).start()
    server.serve_forever(poll_interval=0.1)
    # All of moto goes with the process: to look through it for garbage first takes a second.
    gc.freeze()


def _load_services() -> None:
    """Import the services that come first in most sessions, while the client still gets ready.

    moto imports a service with its first request; SSM alone takes more than a second, for EC2.
    """
    for service in ("sts", "iam", "ssm"):
        get_backend(service)


def _wait_for_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when whoever holds the other end of standard input is gone."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop()
