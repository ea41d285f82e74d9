"""What each Glue version runs: the one place where the pins live.

Source: the AWS Glue release notes ("AWS Glue versions") and the migration pages of 5.1 and 6.0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

GlueVersion = Literal["5.1", "6.0"]


@dataclass(frozen=True)
class Runtime:
    """The versions inside one Glue version, as a job sees them."""

    glue: GlueVersion
    spark: str
    delta: str
    python: str

    def as_dict(self) -> dict[str, str]:
        """The same as a plain mapping, for the stack's outputs."""
        return asdict(self)


RUNTIMES: dict[GlueVersion, Runtime] = {
    runtime.glue: runtime
    for runtime in (
        Runtime(glue="5.1", spark="3.5.6", delta="3.3.2", python="3.11"),
        Runtime(glue="6.0", spark="4.1.1", delta="4.2.0", python="3.13"),
    )
}
"""Glue version -> runtime. Older versions are left out: 5.0 brings a boto3 of 2024 that knows no
conditional puts, without which there is no lease (docs/adr/0001)."""

DEFAULT_GLUE_VERSION: GlueVersion = "5.1"
"""Never leave it to AWS: a job made without a version gets the newest one."""
