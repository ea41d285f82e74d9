"""Policies that the program declares, read by the id of each statement."""

from __future__ import annotations

import json
from typing import Any


def statements(document: str) -> dict[str, dict[str, Any]]:
    """A policy's statements by their id."""
    return {statement["Sid"]: statement for statement in json.loads(document)["Statement"]}
