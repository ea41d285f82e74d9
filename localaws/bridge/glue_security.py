"""Security configurations of Glue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, request, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_CONFIGURATION: Shape = {
    "name": "Name",
    "encryptionConfiguration": Nested(
        "EncryptionConfiguration",
        {
            "cloudwatchEncryption": Nested(
                "CloudWatchEncryption",
                {"cloudwatchEncryptionMode": "CloudWatchEncryptionMode", "kmsKeyArn": "KmsKeyArn"},
            ),
            "jobBookmarksEncryption": Nested(
                "JobBookmarksEncryption",
                {
                    "jobBookmarksEncryptionMode": "JobBookmarksEncryptionMode",
                    "kmsKeyArn": "KmsKeyArn",
                },
            ),
            "s3Encryption": Nested(
                "S3Encryption", {"s3EncryptionMode": "S3EncryptionMode", "kmsKeyArn": "KmsKeyArn"}
            ),
        },
    ),
}


def _put(clients: Clients, inputs: Properties) -> Made:
    # Glue has no update of these: what is there goes first.
    _delete(clients, inputs["name"], inputs)
    parameters = request(_CONFIGURATION, inputs)
    encryption = parameters["EncryptionConfiguration"]
    # Glue takes several places for files, the provider one.
    encryption["S3Encryption"] = [encryption["S3Encryption"]]
    clients("glue").create_security_configuration(**parameters)
    return Made(inputs["name"], {})


def _describe(clients: Clients, name: str, _: Properties) -> Properties | None:
    try:
        reply = clients("glue").get_security_configuration(Name=name)
    except clients("glue").exceptions.EntityNotFoundException:
        return None
    found = told(_CONFIGURATION, reply["SecurityConfiguration"])
    (found["encryptionConfiguration"]["s3Encryption"],) = found["encryptionConfiguration"][
        "s3Encryption"
    ]
    return found


def _delete(clients: Clients, name: str, inputs: Properties) -> None:
    if _describe(clients, name, inputs) is not None:
        clients("glue").delete_security_configuration(Name=name)


TYPES: dict[str, ResourceType] = {
    "aws:glue/securityConfiguration:SecurityConfiguration": ResourceType(
        shape=_CONFIGURATION,
        create=_put,
        describe=_describe,
        update=lambda clients, _, inputs: _put(clients, inputs),
        delete=_delete,
        replace_on=frozenset({"name"}),
    ),
}
