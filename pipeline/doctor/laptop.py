"""Whether this machine can run the lakehouse by itself."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.doctor.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
"""The Python that Glue 5.1 has, and the oldest that the project runs on."""

ROOM = 2 * 1024**3
"""Bytes that a local run may need for its data and its stage."""

PORT = 4566
"""Where `lakehouse serve` listens, and Pulumi.local.yaml looks."""

PACKAGES = ("boto3", "deltalake", "duckdb", "moto", "pulumi", "pulumi_aws", "pyspark", "pysail")
"""What a local run imports sooner or later."""


def python() -> Iterator[Verdict]:
    """It is new enough."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] >= OLDEST:
        yield Verdict("ok", f"version {found}")
    else:
        yield Verdict("problem", f"version {found}", "Use Python 3.11 or newer.")


def packages(names: tuple[str, ...] = PACKAGES) -> Iterator[Verdict]:
    """They are installed; nothing is imported, which would take seconds."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        yield Verdict("problem", f"{', '.join(missing)} cannot be imported", "Run `make demo`.")
    else:
        yield Verdict("ok", f"all {len(names)} are installed")


def port(number: int = PORT) -> Iterator[Verdict]:
    """It is free, for `lakehouse serve`."""
    with socket.socket() as listener:
        # As servers do: a connection that has just been closed does not hold the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", number))
        except OSError as error:
            yield Verdict(
                "warning",
                f"{number} on 127.0.0.1 is taken ({error.strerror}); only `lakehouse serve` "
                "needs it",
                "Stop what listens there, or serve with --port 0.",
            )
            return
    yield Verdict("ok", f"{number} on 127.0.0.1 is free")


def disk(state: Path | None = None, room: int = ROOM) -> Iterator[Verdict]:
    """There is room where the data goes."""
    place = state if state is not None else Path(tempfile.gettempdir())
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    words = f"{free / 1024**3:.1f} GiB free at {place}"
    if free >= room:
        yield Verdict("ok", words)
    else:
        yield Verdict(
            "problem", words, f"Make room: a run may take {room / 1024**3:.0f} GiB, or use --state."
        )
