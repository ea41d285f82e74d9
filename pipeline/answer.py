"""What a command has to say to programs: one JSON object, good or bad."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from pipeline.explain import Explanation


@dataclass
class Answer:
    """What a command has to say: one JSON document, printed whole with `--json`."""

    as_json: bool
    document: dict[str, Any] = field(default_factory=dict)
    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def close(self, problem: Explanation | None = None) -> None:
        """Print the document if `--json` asked for it; `problem` says why the command failed."""
        if problem is not None:
            self.document["status"] = "failed"
            self.document["error"] = {"type": problem.kind, "message": problem.message}
        if self.as_json:
            self.stream.write(json.dumps(self.document, allow_nan=False) + "\n")
            self.stream.flush()
