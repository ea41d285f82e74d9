"""Servers with a state folder that end by kill -9."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from localaws import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def killed_afterwards(state: Path) -> Iterator[process.Server]:
    """A server that ends by kill -9: nothing that it does at a clean stop can help."""
    server = process.start(state=state)
    try:
        yield server
    finally:
        os.kill(server.pid, 9)
        server.close()
