"""Who pushes the button: the automation that runs and watches the lakehouse."""

from __future__ import annotations
