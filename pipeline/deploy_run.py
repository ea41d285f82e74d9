"""One preview, update or destruction of an open stack, shown as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline import interrupted
from pipeline.deploy_errors import plain_errors
from pipeline.deploy_plan import UNCHANGED, Change, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi import automation

    from pipeline.deploy_plan import Kind
    from pipeline.interrupts import Interrupts
    from pipeline.progress import Display


def run_on(
    stack: automation.Stack,
    kind: Kind,
    display: Display,
    *,
    refresh: bool = False,
    total: int | None = None,
    steps: Steps | None = None,
    interrupts: Interrupts | None = None,
) -> Change:
    """Preview, update or destroy an open stack.

    Args:
        stack: as `open_stack` opened it.
        kind: which of the three.
        display: shows which resource is being worked on, and how many are done.
        refresh: compare with what AWS has now.
        total: how many resources will change, where that is known.
        steps: takes in what happens to each resource, also when it fails half way.
        interrupts: knows whether Pulumi ended because somebody wanted it to.

    Raises:
        UsageError, AccessError, PipelineBusyError, DeployError: as `pipeline.deploy.deploy`.
    """
    display.begin(kind)
    status = "failed"
    seconds = 0.0
    steps = Steps() if steps is None else steps

    def on_event(event: automation.EngineEvent) -> None:
        nonlocal seconds
        steps.begun = True
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            steps.add(metadata)
            display.doing(metadata.urn.rpartition("::")[2], steps.done, total)
        warning = event.diagnostic_event.message if event.diagnostic_event else ""
        if interrupted.WARNING in warning:
            steps.continued = True
            display.note(interrupted.as_note(warning))
        if event.res_outputs_event is not None:
            steps.done += event.res_outputs_event.metadata.op.value not in UNCHANGED
        if event.summary_event is not None:
            seconds = float(event.summary_event.duration_seconds)

    try:
        with plain_errors(stack.name):
            operations, outputs = _operate(stack, kind, on_event, refresh=refresh)
            # With a refresh the engine does not warn.
            if kind == "up" and (steps.continued or refresh):
                interrupted.forget_finished(stack)
        steps.ended = True
        status = "succeeded"
    finally:
        if status == "failed" and interrupts is not None and interrupts.pending:
            status = "interrupted"
        display.end(kind, seconds, status, stack.name)
    return Change(kind, stack.name, operations, outputs, steps.changes())


def _operate(
    stack: automation.Stack,
    kind: Kind,
    on_event: Callable[[automation.EngineEvent], None],
    *,
    refresh: bool,
) -> tuple[dict[str, int], dict[str, Any]]:
    if kind == "preview":
        return _counts(stack.preview(on_event=on_event, refresh=refresh).change_summary), {}
    if kind == "up":
        result = stack.up(on_event=on_event, refresh=refresh)
        plain = {name: out.value for name, out in result.outputs.items() if not out.secret}
        return _counts(result.summary.resource_changes), plain
    return _counts(stack.destroy(on_event=on_event).summary.resource_changes), {}


def _counts(changes: Any) -> dict[str, int]:
    return {
        str(getattr(operation, "value", operation)): count
        for operation, count in (changes or {}).items()
    }
