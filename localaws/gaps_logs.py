"""Keys of CloudWatch log groups, which moto takes at creation only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Add AssociateKmsKey and DisassociateKmsKey."""
    replace(
        LogsResponse,
        associate_kms_key=associate_kms_key,
        disassociate_kms_key=disassociate_kms_key,
    )


def associate_kms_key(self: LogsResponse) -> str:
    """Encrypt a log group with a key."""
    _set_key(self, self._get_param("kmsKeyId"))
    return ""


def disassociate_kms_key(self: LogsResponse) -> str:
    """Encrypt a log group with the service's own key again."""
    _set_key(self, None)
    return ""


def _set_key(response: LogsResponse, key: str | None) -> None:
    name = response._get_param("logGroupName")
    if not name:
        arn: str = response._get_param("resourceIdentifier") or ""
        name = arn.partition(":log-group:")[2].removesuffix(":*")
    if name not in response.logs_backend.groups:
        raise ResourceNotFoundException
    response.logs_backend.groups[name].kms_key_id = key
