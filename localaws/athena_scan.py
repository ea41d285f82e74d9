"""Gives DuckDB the files of a Delta table, and counts the bytes that a query reads of them."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake.exceptions import DeltaError as Unreadable
from pyarrow import fs

from localaws.arrow_dataset import QueriedDataset
from localaws.delta_catalog import DeltaError
from localaws.objects import MissingObjectError, read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deltalake import DeltaTable


class ScanLimitError(OSError):
    """A query read more bytes than its workgroup allows."""


class Meter:
    """Counts the bytes read for one query; any thread may add to it.

    With a `limit` in bytes, the read that passes it raises ScanLimitError and sets `exceeded`.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self.count = 0
        self.exceeded = False

    def add(self, count: int) -> None:
        """Add to the count. Raises ScanLimitError when that passes the limit."""
        with self._lock:
            self.count += count
            if self._limit and self.count > self._limit:
                self.exceeded = True
        if self.exceeded:
            raise ScanLimitError("the query reads more than its workgroup allows")


class _MeteredFile(io.BytesIO):
    """A file whose reads are counted."""

    def __init__(self, content: bytes, meter: Meter) -> None:
        super().__init__(content)
        self._meter = meter

    def read(self, size: int | None = -1) -> bytes:
        """Read and count."""
        part = super().read(size)
        self._meter.add(len(part))
        return part


class _TableFiles(fs.FileSystemHandler):  # type: ignore[misc] # pyarrow has no type information
    """The files of one table, by their names in its Delta log; only reading is possible."""

    def __init__(self, location: str, meter: Meter, *, account: str, region: str) -> None:
        self._location = location.rstrip("/")
        self._meter = meter
        self._place = {"account": account, "region": region}

    def _content(self, path: str) -> bytes:
        url = path if "://" in path else f"{self._location}/{path}"
        try:
            return read_object(url, **self._place)
        except MissingObjectError:
            return read_object(unquote(url), **self._place)

    def get_type_name(self) -> str:
        """Name this kind of file system."""
        return "localaws"

    def normalize_path(self, path: str) -> str:
        """Return the path as it is."""
        return path

    def get_file_info(self, paths: Sequence[str]) -> list[Any]:
        """Tell the sizes of files."""
        return [
            fs.FileInfo(path, fs.FileType.File, size=len(self._content(path))) for path in paths
        ]

    def open_input_file(self, path: str) -> Any:
        """Open a file to read from."""
        return pa.PythonFile(_MeteredFile(self._content(path), self._meter), mode="r")

    def open_input_stream(self, path: str) -> Any:
        """Open a file to read from."""
        return self.open_input_file(path)

    def _refuse(self, *_: object) -> Any:
        raise NotImplementedError("the files of a table are only read here")

    get_file_info_selector = _refuse
    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    delete_file = move = copy_file = open_output_stream = open_append_stream = _refuse


def dataset(table: DeltaTable, location: str, meter: Meter, *, account: str, region: str) -> Any:
    """Return the table as a dataset whose files are read, and counted, as a query needs them.

    Raises DeltaError for tables with features that only newer readers know.
    """
    files = _TableFiles(location, meter, account=account, region=region)
    try:
        return QueriedDataset.of(table.to_pyarrow_dataset(filesystem=fs.PyFileSystem(files)))
    except Unreadable as error:
        raise DeltaError(f"{location} cannot be queried: {error}") from error
