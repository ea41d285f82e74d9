"""The one error that the program shows to the person who runs it."""

from __future__ import annotations

import pulumi


class ConfigError(pulumi.RunError):
    """A setting, or the account behind the credentials, is not what the program can work with.

    Raised before any resource is registered. Being a ``pulumi.RunError``, it is printed by
    ``pulumi up`` as its message alone, without a traceback.
    """

    def __init__(self, stack: str, *problems: str) -> None:
        self.file = f"Pulumi.{stack}.yaml"
        self.problems = problems
        super().__init__("\n".join(f"{problem} ({self.file})" for problem in self.problems))
