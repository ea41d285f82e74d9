"""A dataset of pyarrow whose files come from Python, read by DuckDB without a standstill."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow.dataset import FileSystemDataset


class _Scanner:
    """A scanner of pyarrow with another reader."""

    def __init__(self, scanner: Any) -> None:
        self._scanner = scanner

    def __getattr__(self, name: str) -> Any:
        """All else is the scanner's own."""
        return getattr(self._scanner, name)

    def to_reader(self) -> Any:
        """A reader over all batches, which are read as they are asked for."""
        return pa.RecordBatchReader.from_batches(
            self._scanner.projected_schema, self._scanner.to_batches()
        )


class QueriedDataset(FileSystemDataset):  # type: ignore[misc] # pyarrow has no type information
    """The same dataset; DuckDB gets other readers of it.

    Those of pyarrow's own `Scanner.to_reader` begin to read while they hold the interpreter's lock
    (pyarrow 26.0, `_dataset.pyx`: no `nogil`). A thread of Arrow's that opens a file through Python
    wants that lock, and has what the reader waits for: neither goes on, nor anything else in the
    process. `Scanner.to_batches` lets the lock go.
    """

    @classmethod
    def of(cls, dataset: Any) -> QueriedDataset:
        """The dataset that DuckDB may read; it shares files and fragments with the given one."""
        return cls([*dataset.get_fragments()], dataset.schema, dataset.format, dataset.filesystem)

    def scanner(self, **choices: Any) -> Any:
        """A scanner of some columns and rows, as in pyarrow."""
        return _Scanner(super().scanner(**choices))
