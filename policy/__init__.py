"""What is allowed: one check per rule, over declared resources; needs nothing but Python."""

from __future__ import annotations
