"""A state folder: what the server acknowledged, kept between runs.

The folder holds `lock` (held by the process that uses it), `localaws.db` (metadata of S3 objects,
and the backends of all other services) and `blobs` (bodies of objects). A request is answered only
after what it changed is committed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, backend_lock

from localaws import s3_touched
from localaws.errors import StateError
from localaws.patching import replace
from localaws.pickling import dump_backends, load, module_of
from localaws.s3_touched import Touched
from localaws.state_database import DATABASE, connect
from localaws.state_s3 import S3State

if TYPE_CHECKING:
    from pathlib import Path

    from localaws.blobs import BlobStore
    from localaws.services import Services


class State:
    """Saves moto's backends in a state folder, and brings them back.

    S3 is loaded when the server starts; another service when something first asks for it, so that
    the start does not wait for services that nobody uses.
    """

    def __init__(self, folder: Path, blobs: BlobStore, services: Services) -> None:
        self._connection = connect(folder / DATABASE)
        self._lock = threading.Lock()
        self._services = services
        self._touched = Touched()
        self._s3 = S3State(self._connection, blobs, self._touched)
        query = "SELECT name FROM services"
        self._waiting = {name for (name,) in self._connection.execute(query)}
        # Bodies are read beside the thread that writes, through a connection of their own.
        self._reader = connect(folder / DATABASE)
        self._reading = threading.Lock()
        blobs.read_small = self._read_small
        self._closed = False
        # Before the extensions are there: what they do at the end is still saved.
        services.on_shutdown(self.close)

    def install(self) -> None:
        """Load S3, and from now on save what changes."""
        s3_touched.install(self._touched)
        self._s3.load()
        self._services.save = self.save
        create = BackendDict._create_account_specific_backend

        def create_or_restore(backends: BackendDict[Any], account_id: str) -> None:
            # As one step: nobody may see the backends of a service between empty and restored.
            with backend_lock:
                create(backends, account_id)
                if self._waiting:
                    self._restore(backends)

        replace(BackendDict, _create_account_specific_backend=create_or_restore)

    def save(self, service: str) -> None:
        """Save the backends of a service; for S3, what the current thread changed.

        The caller holds the service's lock.
        """
        if service == "s3":
            if not (self._touched.buckets or self._touched.keys):
                return
            # Saving asks for backends: moto's lock first, as everywhere, or two threads that save
            # wait for each other for ever.
            with backend_lock, self._lock:
                if self._closed:
                    return
                self._in_transaction(self._s3.save)
                self._s3.saved()
            return
        backends = get_backend(service)  # type: ignore[call-overload]
        if isinstance(backends, BackendDict):
            module = module_of(backends.backend)
            with backend_lock:
                # Not asked for yet, so not changed: what is saved is more than what is here.
                if module not in self._waiting:
                    self._write(module, self._dump(backends, module))

    def close(self) -> None:
        """Close the database; everything that was acknowledged is in it already."""
        with self._lock, self._reading:
            self._closed = True
            self._reader.close()
            self._connection.close()

    def _read_small(self, blob: str) -> bytes:
        query = "SELECT content FROM bodies WHERE blob = ?"
        with self._reading:
            (content,) = self._reader.execute(query, (blob,)).fetchone()
        return bytes(content)

    def _dump(self, backends: BackendDict[Any], module: str) -> bytes:
        try:
            return dump_backends(backends, module)
        except (TypeError, AttributeError, ValueError, RecursionError) as error:
            raise StateError(
                f"localaws cannot save {module} in its state folder ({error}); "
                "use this service without --state"
            ) from error

    def _write(self, module: str, backends: bytes) -> None:
        with self._lock:
            if not self._closed:  # a thread may outlast the server; nobody hears of its change
                self._connection.execute(
                    "INSERT OR REPLACE INTO services VALUES (?, ?)", (module, backends)
                )

    def _in_transaction(self, write: Any) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            write()
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _restore(self, backends: BackendDict[Any]) -> None:
        """Bring back the saved backends of a service before anything sees empty ones."""
        module = module_of(backends.backend)
        with backend_lock:
            if module not in self._waiting:
                return
            self._waiting.remove(module)
            with self._lock:
                query = "SELECT backends FROM services WHERE name = ?"
                (saved,) = self._connection.execute(query, (module,)).fetchone()
            for account, regions in load(saved).items():
                for region, backend in regions.items():
                    backends[account][region] = backend
                    self._services.restored(module, backend)
            self._write(module, self._dump(backends, module))
