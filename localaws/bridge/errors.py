"""What can go wrong while a Pulumi program is provisioned on localaws."""

from __future__ import annotations

from localaws.errors import LocalawsError


class ProvisionError(LocalawsError):
    """A resource could not be made, changed or removed; the message names it and says why."""
