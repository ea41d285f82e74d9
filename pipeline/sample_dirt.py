"""Bad records for the sample, in the ways in which real logs go bad."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BOM = "\ufeff"
ABSURD_TIMES = (-1, 0, 99_999_999_999_999, 9_223_372_036_854_775_807, 1_541_000_000)
WRONG_EVENT_VALUES = (
    ("ts", "soon"), ("ts", True), ("sessionId", "forty-two"), ("itemInSession", 3.7),
    ("length", "long"), ("userId", {"id": 8}),
)  # fmt: skip
WRONG_SONG_VALUES = (
    ("duration", "long"), ("year", "MCMXCIX"), ("song_id", None), ("artist_latitude", "north"),
    ("artist_id", ["AR"]),
)  # fmt: skip
NEEDED_EVENT_KEYS = ("ts", "userId", "sessionId", "itemInSession")
NEEDED_SONG_KEYS = ("song_id", "title", "artist_id")
NO_OBJECTS = ("null", "[]", '"just text"', "42", "<html>502 Bad Gateway</html>", "{}}")


class Dirt:
    """Spoils a fraction of what passes through, and counts how."""

    def __init__(self, fraction: float, seed: int) -> None:
        self.fraction = fraction
        self.seed = seed
        self.counts: Counter[str] = Counter()

    def song(self, path: str, line: str) -> str:
        """Return a song file's content, perhaps spoilt."""
        rng = self._rng(path)
        if rng.random() >= self.fraction:
            return line
        ways: tuple[tuple[str, Callable[[], str]], ...] = (
            ("cut", lambda: _cut(rng, line)),
            ("wrong_type", lambda: _with(line, *_one(rng, WRONG_SONG_VALUES))),
            ("missing_key", lambda: _without(line, _one(rng, NEEDED_SONG_KEYS))),
            ("no_object", lambda: _one(rng, NO_OBJECTS)),
            ("empty_file", lambda: ""),
            ("bom", lambda: BOM + line),
            ("crlf", lambda: line + "\r\n"),
        )
        return self._choose(rng, ways)

    def day(self, path: str, lines: list[str]) -> str:
        """Return a log file's content, some of its lines perhaps spoilt."""
        if not self.fraction:
            return "\n".join(lines) + "\n"
        rng = self._rng(path)
        spoilt = [
            self._event(rng, line) if rng.random() < self.fraction else line for line in lines
        ]
        start, end = "", "\n"
        if rng.random() < 0.2:
            start = BOM
            self.counts["bom"] += 1
        if rng.random() < 0.2:
            end = "\r\n"
            self.counts["crlf"] += 1
        return start + end.join("\n".join(spoilt).split("\n")) + end

    def repeats(self, paths: list[str]) -> dict[str, str]:
        """Choose objects to repeat: path of the repetition -> path of the original.

        At least one is repeated where there is any dirt at all.
        """
        if not self.fraction or not paths:
            return {}
        chosen = [path for path in paths if self._rng(f"repeat {path}").random() < self.fraction]
        return {f"{path.removesuffix('.json')}-again.json": path for path in chosen or paths[:1]}

    def _event(self, rng: random.Random, line: str) -> str:
        ways: tuple[tuple[str, Callable[[], str]], ...] = (
            ("cut", lambda: _cut(rng, line)),
            ("wrong_type", lambda: _with(line, *_one(rng, WRONG_EVENT_VALUES))),
            ("missing_key", lambda: _without(line, _one(rng, NEEDED_EVENT_KEYS))),
            ("absurd_time", lambda: _with(line, "ts", _one(rng, ABSURD_TIMES))),
            ("no_object", lambda: _one(rng, NO_OBJECTS)),
            ("trailing_text", lambda: f"{line} {_one(rng, NO_OBJECTS)}"),
            ("blank_line", lambda: f"{line}\n{' ' * int(rng.random() * 3)}"),
            ("duplicate_line", lambda: f"{line}\n{line}"),
        )
        return self._choose(rng, ways)

    def _choose(self, rng: random.Random, ways: tuple[tuple[str, Callable[[], str]], ...]) -> str:
        name, spoil = ways[int(rng.random() * len(ways))]
        self.counts[name] += 1
        return spoil()

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/dirt/{what}")  # noqa: S311


def _one(rng: random.Random, options: tuple[Any, ...]) -> Any:
    return options[int(rng.random() * len(options))]


def _cut(rng: random.Random, line: str) -> str:
    return line[: 1 + int(rng.random() * (len(line) - 2))]


def _with(line: str, key: str, value: object) -> str:
    return json.dumps({**json.loads(line), key: value}, ensure_ascii=False)


def _without(line: str, key: str) -> str:
    document = json.loads(line)
    del document[key]
    return json.dumps(document, ensure_ascii=False)
