"""Keys and classes of CloudWatch log groups, and the end of their tags.

moto takes a key at creation only, has no classes, and keeps the tags of a group that is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Add AssociateKmsKey and DisassociateKmsKey, and mend creation and deletion."""
    create, delete = LogsResponse.create_log_group, LogsBackend.delete_log_group
    describe = LogGroup.to_describe_dict

    def create_log_group(self: LogsResponse) -> str:
        reply = create(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        vars(group)["log_group_class"] = self._get_param("logGroupClass", "STANDARD")
        return reply

    def delete_log_group(self: LogsBackend, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        delete(self, log_group_name)
        if group is not None:
            self.tagger.delete_all_tags_for_resource(group.arn)

    def to_describe_dict(self: LogGroup) -> dict[str, Any]:
        return {**describe(self), "logGroupClass": vars(self).get("log_group_class", "STANDARD")}

    replace(LogGroup, to_describe_dict=to_describe_dict)
    replace(LogsBackend, delete_log_group=delete_log_group)
    replace(
        LogsResponse,
        associate_kms_key=associate_kms_key,
        create_log_group=create_log_group,
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
