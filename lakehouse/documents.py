"""Policies, event patterns and dashboards on their way to AWS."""

from __future__ import annotations

import json
from typing import Any


def json_text(document: dict[str, Any]) -> str:
    """The document as JSON: equal documents are equal texts, so that order is never a change."""
    return json.dumps(document, sort_keys=True)
