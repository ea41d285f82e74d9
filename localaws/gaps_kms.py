"""KMS: how often a key rotates, and that a key which waits for its end cannot be deleted again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse

from localaws.patching import replace

if TYPE_CHECKING:
    from moto.kms.models import Key

    from localaws.services import Services

_ROTATION_DAYS: Final = 365
"""How old a key's material gets where EnableKeyRotation does not say (its API reference)."""


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Replace the calls in question."""
    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status
    schedule = KmsResponse.schedule_key_deletion

    def enable_key_rotation(self: KmsResponse) -> str:
        reply = enable(self)
        days = self._get_param("RotationPeriodInDays")
        vars(_key(self))["rotation_days"] = days or _ROTATION_DAYS
        return reply

    def get_key_rotation_status(self: KmsResponse) -> str:
        answer = json.loads(status(self))
        if answer["KeyRotationEnabled"]:
            days = vars(_key(self)).get("rotation_days", _ROTATION_DAYS)
            answer["RotationPeriodInDays"] = days
        return json.dumps(answer)

    def schedule_key_deletion(self: KmsResponse) -> str:
        self._validate_cmk_id(self._get_param("KeyId"))
        key = _key(self)
        if key.key_state == "PendingDeletion":
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        return schedule(self)

    replace(
        KmsResponse,
        enable_key_rotation=enable_key_rotation,
        get_key_rotation_status=get_key_rotation_status,
        schedule_key_deletion=schedule_key_deletion,
    )


def _key(response: KmsResponse) -> Key:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]
