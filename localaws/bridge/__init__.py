"""Pulumi programs on localaws, without an AWS account and without Pulumi's engine.

`provision` runs a program in this process; `stack_config` reads the settings that a
`Pulumi.<stack>.yaml` holds, and `fingerprint` tells whether anything changed since the last time.
Importing this package imports neither Pulumi nor boto3.
"""

from __future__ import annotations

from localaws.bridge.provision import provision
from localaws.bridge.settings import fingerprint, stack_config

__all__ = ["fingerprint", "provision", "stack_config"]
