"""`lakehouse run --stop`: ends the job run that is under way, and says which it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.active_run import Active, stop
from pipeline.progress import Stages
from pipeline.target import stack_on_aws

if TYPE_CHECKING:
    from pipeline.progress import Display
    from pipeline.request import Choice
    from pipeline.wait import Clock


@dataclass(frozen=True)
class Stopped:
    """What was stopped: nothing, when nothing was under way."""

    job_name: str
    run: Active | None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        if self.run is None:
            return {"stopped": None}
        return {"stopped": {"job_run_id": self.run.job_run_id, "run_id": self.run.run_id}}

    def as_text(self) -> str:
        """Return what people read."""
        if self.run is None:
            return f"No run of the job {self.job_name} is under way: there is nothing to stop."
        return (
            f"Stopped {self.run} of {self.job_name}. No input is lost: what it did not finish, the "
            "next run does."
        )


def stop_run(choice: Choice, display: Display, clock: Clock) -> Stopped:
    """Stop the job run of the stack that is under way, and wait for its end.

    Raises:
        pipeline.errors.LakehouseError: any of the tree; see there.
    """
    stages = Stages(display, clock)
    target = stack_on_aws(choice.stack or "", choice.region)
    name = target.outputs.job_name
    with stages.stage("stop") as stage:
        found = stop(target.aws, name, clock, lambda state: stages.display.doing(state.lower()))
        stage.summary = "nothing was under way" if found is None else found.job_run_id
    return Stopped(name, found)
