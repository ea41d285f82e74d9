"""`lakehouse doctor`: looks, before a first deployment, for what would stop it half way."""

from __future__ import annotations
