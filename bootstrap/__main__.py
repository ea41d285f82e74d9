"""The entry point that `pulumi up` runs in this folder."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi starts this file in its own folder, from where the project's packages are not found.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap.program import program

program()
