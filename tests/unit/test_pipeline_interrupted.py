"""What an interrupted update leaves, as it is told and cleared away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pulumi import automation

from pipeline.deploy_plan import Steps
from pipeline.interrupted import forget_finished, how_it_stands


class Stack:
    """A stack whose state lists resources, and operations that have only begun."""

    name = "try"

    def __init__(self, *made: str, begun: tuple[str, ...]) -> None:
        self.imported: list[Any] = []
        operations = [{"resource": {"urn": one}, "type": "creating"} for one in begun]
        self.document = {
            "resources": [{"urn": one} for one in made],
            "pending_operations": operations,
        }

    def export_stack(self) -> Any:
        """The state."""
        return SimpleNamespace(version=3, deployment=self.document)

    def import_stack(self, state: Any) -> None:
        """Take a state in, without its operations, as Pulumi does."""
        self.imported.append(state)


def forgets(stack: Any) -> bool:
    """Whether the list is emptied."""
    forget_finished(stack)
    return bool(stack.imported)


def test_the_list_is_emptied_only_when_nothing_on_it_is_open() -> None:
    """Pulumi drops all of it or nothing, and what is open may be there, known to nobody else."""
    assert forgets(Stack("urn::a", "urn::b", begun=("urn::a",)))
    assert not forgets(Stack("urn::a", begun=("urn::a", "urn::b")))
    assert not forgets(Stack("urn::a", begun=()))


def test_what_an_interruption_leaves_is_told_as_it_is() -> None:
    """Nothing begun, done already, ended early, or with a state that nobody can read."""
    stack: Any = Stack("urn::a", begun=("urn::b",))
    steps = Steps()
    nothing = "Interrupted: nothing was changed in the stack 'try'."
    assert how_it_stands(stack, "up", steps) == nothing
    steps.begun, steps.done = True, 1
    assert how_it_stands(stack, "preview", steps) == nothing
    assert how_it_stands(stack, "destroy", steps) == (
        "Interrupted: Pulumi ended early. Changes made and written down: 1; how this ended is not "
        "known: creating b. `lakehouse destroy --stack try` goes on from here."
    )
    steps.ended = True
    assert how_it_stands(stack, "up", steps).endswith("the up of the stack 'try' was done already.")
    steps.ended = False

    def unreadable() -> None:
        raise automation.CommandError(
            automation.CommandResult(stdout="", stderr="error: failed to load checkpoint", code=1)
        )

    stack.export_stack = unreadable
    assert "cannot be read: Pulumi did not succeed" in how_it_stands(stack, "up", steps)
