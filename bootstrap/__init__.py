"""Once per account: where deployments keep their state, and who may deploy, preview and be what."""

from __future__ import annotations
