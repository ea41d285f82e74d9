"""What only a real AWS account can show: a short-lived stack, checked and destroyed."""

from __future__ import annotations
