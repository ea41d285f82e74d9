"""What happens to the data: the Glue job, from landing JSON to bronze Delta tables."""

from __future__ import annotations
