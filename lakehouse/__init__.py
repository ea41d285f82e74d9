"""What exists on AWS: one Pulumi component resource per module."""

from __future__ import annotations
