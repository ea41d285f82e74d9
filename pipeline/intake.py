"""What a run may be told about its input: which held objects to accept, how bad is too bad."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Options of `lakehouse run` that go to the job as they are."""

    accept: tuple[str, ...] = ()
    """Paths of held objects that go into the tables."""
    max_quarantined_fraction: float | None = None
    """An object of which more than this is bad is held; None leaves the job its default."""

    def arguments(self) -> dict[str, str]:
        """The job's arguments. Glue takes one value a name, so that the paths travel as JSON."""
        arguments = {}
        if self.accept:
            arguments["--accept"] = json.dumps(self.accept)
        if self.max_quarantined_fraction is not None:
            arguments["--max_quarantined_fraction"] = str(self.max_quarantined_fraction)
        return arguments


AS_EVER = Intake()
"""For a run without any such option."""
