"""The Pulumi program: `pulumi up` starts here."""

from __future__ import annotations

from lakehouse.program import program

program()
