"""A line that is far too long fails its object, in the memory of a few chunks."""

from __future__ import annotations

import tracemalloc

import pytest

from spark import reader


class Endless:
    """A stream of `size` bytes without any newline but the first, made while it is read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.first = b"{}\n"

    def read(self, amount: int, /) -> bytes:
        """As a file's."""
        amount = min(amount, self.left)
        self.left -= amount
        first, self.first = self.first[:amount], b""
        return first + b"x" * (amount - len(first))


def test_a_line_of_100_megabytes_is_given_up_early() -> None:
    """It is not read to its end, and at most some chunks of it are held."""
    stream = Endless(100 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(reader._LineTooLongError):
            list(reader._cut(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * reader.CHUNK_BYTES
    assert stream.left > 50 * 1024 * 1024


@pytest.mark.parametrize("over", [0, 1])
def test_a_line_may_be_as_long_as_the_limit(over: int) -> None:
    """Exactly the limit is read; a byte more is not."""
    stream = Endless(len(b"{}\n") + reader.MAX_LINE_BYTES + over)
    if over:
        with pytest.raises(reader._LineTooLongError):
            list(reader._cut(stream))
    else:
        lines = [line for some in reader._cut(stream) for line in some]
        assert [len(line) for line in lines] == [2, reader.MAX_LINE_BYTES]
