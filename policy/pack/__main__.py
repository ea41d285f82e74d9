"""What Pulumi starts for `--policy-pack`: serves the rules until it is stopped."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi starts this file in its own folder, from where the project's packages are not found.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pulumi_policy import PolicyPack

from policy.pulumi_pack import NAME, policies

PolicyPack(NAME, [*policies()])
