"""What a run may be told about its input: accept it, read it again, only look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipeline.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Options of `lakehouse run` that go to the job as they are."""

    accept: tuple[str, ...] = ()
    """Paths of held objects that go into the tables."""
    max_quarantined_fraction: float | None = None
    """An object of which more than this is bad is held; None leaves the job its default."""

    reprocess: str = ""
    """A prefix or an ISO time: read the objects under it, or modified since then, again."""
    requeue: bool = False
    """Read again the records that an older contract refused."""
    dry_run: bool = False
    """Say what a run would read, and do nothing."""

    def __post_init__(self) -> None:
        if self.reprocess and self.requeue:
            raise UsageError(
                "Choose one: --reprocess names what to read again, --requeue finds it."
            )

    def arguments(self) -> dict[str, str]:
        """The job's arguments. Glue takes one value a name, so that the paths travel as JSON."""
        arguments = {}
        if self.reprocess or self.requeue:
            arguments["--task"] = "reprocess"
        if self.reprocess:
            arguments["--reprocess"] = self.reprocess
        if self.requeue:
            arguments["--requeue"] = "true"
        if self.dry_run:
            arguments["--dry_run"] = "true"
        if self.accept:
            arguments["--accept"] = json.dumps(self.accept)
        if self.max_quarantined_fraction is not None:
            arguments["--max_quarantined_fraction"] = str(self.max_quarantined_fraction)
        return arguments


AS_EVER = Intake()
"""For a run without any such option."""
