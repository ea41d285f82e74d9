"""What `pulumi preview --policy-pack` loads."""

from __future__ import annotations
